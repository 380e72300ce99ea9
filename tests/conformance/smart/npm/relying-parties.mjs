// Applications that nobody here wrote: fhirclient below /fhirclient, openid-client below /openid.
// The environment's SETTINGS: {port, base, issuer, clients: {name: {id, secret?, key?, scope}}}. Prints "ready".
import http from "node:http";
import smart from "fhirclient";
import * as openid from "openid-client";

const settings = JSON.parse(process.env.SETTINGS);
const here = `http://127.0.0.1:${settings.port}`;
const kept = new Map();
const storage = {
  get: async (name) => kept.get(name),
  set: async (name, value) => (kept.set(name, value), value),
  unset: async (name) => kept.delete(name),
};

async function fhirclientLaunch(request, response, query) {
  const client = settings.clients[query.get("as") ?? "public"];
  await smart(request, response, storage).authorize({
    clientId: client.id,
    clientSecret: client.secret,
    clientPrivateJwk: client.key,
    scope: query.has("launch") ? `launch ${client.scope}` : client.scope,
    iss: query.get("iss") ?? settings.base,
    redirectUri: `${here}/fhirclient/app`,
    pkceMode: "required",
  });
}

async function fhirclientApp(request, response) {
  const client = await smart(request, response, storage).ready();
  const patient = await client.patient.read();
  const user = client.user.fhirUser;
  const token = { ...client.state.tokenResponse };
  // With a key, fhirclient refreshes without an assertion, which no server may accept.
  if (!client.state.clientPrivateJwk) await client.refresh();
  const observations = await client.request(`Observation?patient=${client.patient.id}`, { flat: true });
  return {
    token,
    patient,
    user,
    encounter: client.encounter.id,
    refreshed: client.state.tokenResponse.access_token !== token.access_token,
    observations,
  };
}

async function configuration(name) {
  const client = settings.clients[name];
  let proof = openid.None();
  if (client.secret) proof = openid.ClientSecretBasic(client.secret);
  if (client.key) {
    const algorithm =
      client.key.kty === "EC"
        ? { name: "ECDSA", namedCurve: "P-384" }
        : { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" };
    const key = await crypto.subtle.importKey("jwk", client.key, algorithm, false, ["sign"]);
    proof = openid.PrivateKeyJwt({ key, kid: client.key.kid });
  }
  const found = await openid.discovery(new URL(settings.issuer), client.id, undefined, proof, {
    execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
  });
  return found;
}

const fhir = (config, token, path) =>
  openid.fetchProtectedResource(config, token, new URL(`${settings.base}/${path}`), "GET");

async function openidLogin(request, response, query) {
  const name = query.get("as");
  const config = await configuration(name);
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  kept.set(state, { name, verifier, nonce });
  const address = openid.buildAuthorizationUrl(config, {
    redirect_uri: `${here}/openid/callback`,
    scope: settings.clients[name].scope,
    aud: settings.base,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  });
  response.writeHead(302, { location: address.href }).end();
}

async function openidCallback(request, response, query) {
  const { name, verifier, nonce } = kept.get(query.get("state"));
  const config = await configuration(name);
  const tokens = await openid.authorizationCodeGrant(config, new URL(request.url, here), {
    pkceCodeVerifier: verifier,
    expectedState: query.get("state"),
    expectedNonce: nonce,
  });
  const claims = tokens.claims();
  const person = await openid.fetchUserInfo(config, tokens.access_token, claims.sub);
  const fresh = await openid.refreshTokenGrant(config, tokens.refresh_token);
  const read = await fhir(config, fresh.access_token, `Patient/${fresh.patient}`);
  const told = name === "public" ? null : await openid.tokenIntrospection(config, fresh.access_token);
  await openid.tokenRevocation(config, fresh.refresh_token);
  const over = name === "public" ? null : await openid.tokenIntrospection(config, fresh.access_token);
  const logout = openid.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: `${here}/openid/logged-out`,
    state: "bye",
  });
  return { claims, person, patient: await read.json(), told, over, logout: logout.href };
}

async function openidService(request, response, query) {
  const name = query.get("as");
  const config = await configuration(name);
  const token = await openid.clientCredentialsGrant(config, { scope: settings.clients[name].scope });
  const read = await fhir(config, token.access_token, "Patient/p2");
  return { scope: token.scope, status: read.status };
}

async function openidDevice(request, response, query) {
  const config = await configuration("public");
  const started = await openid.initiateDeviceAuthorization(config, { scope: settings.clients.public.scope });
  kept.set("device", openid.pollDeviceAuthorizationGrant(config, { ...started, interval: 1 }));
  return started;
}

async function openidDeviceEnd() {
  const tokens = await kept.get("device");
  const read = await fhir(await configuration("public"), tokens.access_token, `Patient/${tokens.patient}`);
  return { scope: tokens.scope, patient: await read.json(), user: tokens.claims().fhirUser };
}

const pages = {
  "/fhirclient/launch": fhirclientLaunch,
  "/fhirclient/app": fhirclientApp,
  "/openid/login": openidLogin,
  "/openid/callback": openidCallback,
  "/openid/service": openidService,
  "/openid/device": openidDevice,
  "/openid/device-end": openidDeviceEnd,
  "/openid/logged-out": async (request, response, query) => ({ state: query.get("state") }),
};

http
  .createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, here);
    try {
      const answer = await pages[pathname](request, response, searchParams);
      if (!response.writableEnded) response.end(JSON.stringify(answer));
    } catch (error) {
      response.writeHead(500).end(`${error.stack}\n${JSON.stringify(error.cause ?? "")}`);
    }
  })
  .listen(settings.port, "127.0.0.1", () => console.log("ready"));
