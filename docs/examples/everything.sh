# One record: the patient, all that is in the patient's compartment, and what that refers to. Streamed, so it may be large.
curl "$FHIR_BASE/Patient/$ID/\$everything" -H "x-api-key: $FHIR_API_KEY" -o record.json

# Only some types, only what happened in 2024, only what was stored since then.
curl "$FHIR_BASE/Patient/$ID/\$everything?_type=Observation,Condition&start=2024-01-01&end=2024-12-31" -H "x-api-key: $FHIR_API_KEY"
curl "$FHIR_BASE/Patient/$ID/\$everything?_since=2024-01-01T00:00:00Z" -H "x-api-key: $FHIR_API_KEY"

# In pages of fifty: follow the link "next" until there is none.
page="$FHIR_BASE/Patient/$ID/\$everything?_count=50"
while [ -n "$page" ]; do
  curl "$page" -H "x-api-key: $FHIR_API_KEY" -o page.json
  page=$(python3 -c 'import json; print(next((l["url"] for l in json.load(open("page.json"))["link"] if l["relation"] == "next"), ""))')
done
