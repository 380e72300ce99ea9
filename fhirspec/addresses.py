"""The names of the elements that hold addresses: of the types uri and url, and Reference.reference.

https://hl7.org/fhir/R4/http.html#trules: in these alone a transaction puts an entry's address in place of its fullUrl. A canonical names a
resource by what it says of itself, and stays. So does an oid or uuid, which no address is: the resource would not be valid any more.
"""

_NAMES = """
    address authority authorizationUrl code contentReference defaultValueUri defaultValueUrl definition
    definitionUri derivedFromUri detail endpoint eventUri fixedUri fixedUrl fullUrl identifier implicitRules
    instantiates instantiatesUri issuer jurisdiction link location moduleUri nameUrl onlineInformation
    patternUri patternUrl policy property protocol reference relativePath rendering source sourceUri system
    target targetUri type uri url valueUri valueUrl
"""
ADDRESS_NAMES = frozenset(_NAMES.split())
"""What the definitions of R4 say, written down because reading every one of them for it takes too long."""
