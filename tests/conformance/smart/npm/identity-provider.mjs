// An OpenID provider that nobody here wrote: oidc-provider, with its own pages for signing in and consent.
// The environment's SETTINGS: {port, audience, client: {id, secret, redirect}, key, format: "jwt" or "opaque"}. Prints "ready".
import Provider from "oidc-provider";

const settings = JSON.parse(process.env.SETTINGS);
console.warn = () => {};
const provider = new Provider(`http://127.0.0.1:${settings.port}`, {
  clients: [
    {
      client_id: settings.client.id,
      client_secret: settings.client.secret,
      redirect_uris: [settings.client.redirect],
    },
  ],
  jwks: { keys: [settings.key] },
  cookies: { keys: ["for signing cookies"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  extraTokenClaims: (_, token) => ({ patient: token.accountId, fhirUser: `Patient/${token.accountId}` }),
  features: {
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => settings.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "patient/*.rs patient/*.cruds",
        audience: settings.audience,
        accessTokenFormat: settings.format,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
provider.listen(settings.port, "127.0.0.1", () => console.log("ready"));
