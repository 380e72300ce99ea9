"""One module a group of commands: `register` adds their words to the parser, each names the function that runs."""
