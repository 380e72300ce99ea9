"""FHIR XML and back to JSON, without loss: https://hl7.org/fhir/R4/xml.html"""

from fhirspec.xml.problem import MalformedXml
from fhirspec.xml.read import from_xml
from fhirspec.xml.write import to_xml

__all__ = ["MalformedXml", "from_xml", "to_xml"]
