// Passkeys: asks the browser for one and sends what it answers with an ordinary form.
// A form with data-passkey="create" or "get" carries the options as JSON in data-options and a field "credential".

export function passkeys() {
  if (!window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      ask(form).catch(() => {
        const told = form.querySelector("[data-passkey-failed]");
        told.hidden = false;
        told.focus();
      });
    });
  }
}

async function ask(form) {
  const options = JSON.parse(form.dataset.options);
  const creates = form.dataset.passkey === "create";
  const publicKey = creates
    ? {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: (options.excludeCredentials || []).map(withBytes),
      }
    : { ...options, challenge: bytes(options.challenge), allowCredentials: (options.allowCredentials || []).map(withBytes) };
  const found = creates ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
  form.elements.credential.value = JSON.stringify(told(found));
  form.requestSubmit();
}

function told(found) {
  const answer = {};
  for (const name of ["attestationObject", "authenticatorData", "clientDataJSON", "signature", "userHandle"]) {
    if (found.response[name]) answer[name] = text(found.response[name]);
  }
  return { id: found.id, rawId: text(found.rawId), type: found.type, response: answer };
}

const withBytes = (one) => ({ ...one, id: bytes(one.id) });

function bytes(base64url) {
  const plain = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function text(buffer) {
  let plain = "";
  for (const byte of new Uint8Array(buffer)) plain += String.fromCharCode(byte);
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
