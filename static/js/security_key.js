// Security keys and passkeys: turns the page's options into bytes for the browser, and the key's answer into JSON.
"use strict";

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const withBytes = (list) => (list || []).map((each) => ({ ...each, id: toBytes(each.id) }));

function options(given) {
  const asked = { ...given.publicKey, challenge: toBytes(given.publicKey.challenge) };
  if (asked.user) asked.user = { ...asked.user, id: toBytes(asked.user.id) };
  if (asked.excludeCredentials) asked.excludeCredentials = withBytes(asked.excludeCredentials);
  if (asked.allowCredentials) asked.allowCredentials = withBytes(asked.allowCredentials);
  return { publicKey: asked };
}

function answer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

for (const form of document.querySelectorAll("form[data-security-key]")) {
  const button = form.querySelector("button[type=submit]");
  const trouble = form.querySelector("[role=alert]");
  if (!window.PublicKeyCredential) continue;
  button.hidden = false;
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    try {
      const credential = await navigator.credentials[form.dataset.securityKey](options(JSON.parse(form.dataset.options)));
      form.elements.credential.value = JSON.stringify(answer(credential));
      form.submit();
    } catch {
      trouble.hidden = false;
    }
  });
}
