"""What came back: highlighted, as a tree, as a table, explained."""
