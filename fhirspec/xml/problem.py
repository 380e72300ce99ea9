"""What is wrong with a text that should be FHIR XML."""

FHIR_NAMESPACE = "http://hl7.org/fhir"
XHTML_NAMESPACE = "http://www.w3.org/1999/xhtml"


class MalformedXml(ValueError):
    """`line` counts from 1; 0 where no place can be named."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"{message} (line {line})" if line else message)
        self.line = line
