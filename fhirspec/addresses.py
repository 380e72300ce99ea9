"""The names of the elements that hold addresses: of the types uri, url, canonical, oid and uuid, and Reference.reference.

https://hl7.org/fhir/R4/http.html#trules: in these alone a transaction puts an entry's address in place of its fullUrl.
"""

_NAMES = """
    address answerValueSet authority authorizationUrl base baseDefinition capabilities code compartment
    contentReference defaultValueCanonical defaultValueOid defaultValueUri defaultValueUrl defaultValueUuid
    definition definitionCanonical definitionUri derivedFrom derivedFromUri detail endpoint eventUri
    exampleCanonical fixedCanonical fixedOid fixedUri fixedUrl fixedUuid fullUrl graph identifier
    implementationGuide implicitRules import imports inputProfile instantiates instantiatesCanonical
    instantiatesUri issuer jurisdiction library link location measure message moduleCanonical moduleUri
    nameUrl onlineInformation outputProfile parent partOf patternCanonical patternOid patternUri patternUrl
    patternUuid policy profile property protocol questionnaire reference relativePath rendering replaces
    resource source sourceCanonical sourceUri supplements supportedProfile system target targetCanonical
    targetProfile targetUri transform type uri url valueCanonical valueOid valueSet valueUri valueUrl
    valueUuid workflow
"""
ADDRESS_NAMES = frozenset(_NAMES.split())
"""What the definitions of R4 say, written down because reading every one of them for it takes too long."""
