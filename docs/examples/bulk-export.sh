# 1. Ask. The answer is 202, and Content-Location says where the export stands.
status=$(curl -s -D - -o /dev/null "$FHIR_BASE/\$export?_type=Patient,Observation" \
  -H "x-api-key: $FHIR_API_KEY" -H "Accept: application/fhir+json" -H "Prefer: respond-async" \
  | tr -d '\r' | sed -n 's/^content-location: //Ip')

# 2. Wait: 202 while it runs (X-Progress, Retry-After), 200 with the manifest when it is done.
until [ "$(curl -s -o manifest.json -w '%{http_code}' "$status" -H "x-api-key: $FHIR_API_KEY")" = 200 ]; do sleep 1; done

# 3. Fetch the files, one resource a line, with the same credential.
python3 -c 'import json; [print(f["url"]) for f in json.load(open("manifest.json"))["output"]]' | while read -r url; do
  curl -s "$url" -H "x-api-key: $FHIR_API_KEY" -o "$(basename "$url")"
done

# 4. Tidy up. Otherwise the files go by themselves after a day.
curl -s -X DELETE "$status" -H "x-api-key: $FHIR_API_KEY"
