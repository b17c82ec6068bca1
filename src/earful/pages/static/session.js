// Holds the access token of one application: from the local sign-in, or from the form.
// The token lives in this tab's sessionStorage and ends with it; the secret is never kept.

const KEY = "earful.session";
const MARGIN_MS = 60_000;

/** The server answered a request with an error; `status` is its HTTP status. */
export class ServerError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The person closed the sign-in form. */
export class SignInCancelled extends Error {}

function kept() {
  const session = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  return session && session.expires - MARGIN_MS > Date.now() ? session.token : null;
}

function keep({ accessToken, expiresIn }) {
  sessionStorage.setItem(KEY, JSON.stringify({ token: accessToken, expires: Date.now() + expiresIn * 1000 }));
  return accessToken;
}

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ServerError(response.status, answer.message ?? `The server answered ${response.status}.`);
  return answer;
}

/** Forget the token, so that the next call signs in anew. */
export function forget() {
  sessionStorage.removeItem(KEY);
}

/** Return a token, asking the person to sign in when the server does not know this machine's owner. */
export async function token() {
  const ready = kept();
  if (ready) return ready;
  try {
    return keep(await post("/pages/session", {}));
  } catch (error) {
    if (error.status !== 403) throw error;
  }
  return signIn();
}

function signIn() {
  const dialog = document.getElementById("sign-in");
  const form = document.getElementById("sign-in-form");
  const problem = document.getElementById("sign-in-problem");
  const say = (text) => {
    problem.textContent = text;
    problem.hidden = !text;
  };
  say("");
  dialog.showModal();
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const { signal } = done;
    document.getElementById("sign-in-cancel").addEventListener("click", () => dialog.close(), { signal });
    dialog.addEventListener("close", () => {
      done.abort();
      reject(new SignInCancelled("Sign in to go on."));
    }, { signal });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const appId = form.elements["app-id"].value.trim();
      const appSecret = form.elements["app-secret"].value.trim();
      if (!appId || !appSecret) return say("Enter both the id and the secret.");
      try {
        const session = await post("/oauth2/token:generate", { type: "application", appId, appSecret });
        form.reset();
        done.abort();
        dialog.close();
        resolve(keep(session));
      } catch (error) {
        say(error.status === 401 ? "This id and secret do not belong together." : error.message);
      }
    }, { signal });
  });
}

/** Return the answer to a request of ours, signing in again once when the token is no longer accepted. */
export async function request(path, { method = "GET", body } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    const response = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${await token()}`, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    if (response.ok) return response;
    if (response.status === 401 && attempt === 0) {
      forget();
      continue;
    }
    const answer = await response.json().catch(() => ({}));
    throw new ServerError(response.status, answer.message ?? `The server answered ${response.status}.`);
  }
}

/** Return the JSON of an API path. */
export async function api(path, options) {
  return (await request(path, options)).json();
}

/** Send a file as the body of a POST, and return the JSON of the answer; `progress` is told parts of 1. */
export async function send(path, file, { signal, progress }) {
  const bearer = await token();
  // XMLHttpRequest, because fetch does not say how much of a body has gone.
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", path);
    call.responseType = "json";
    call.setRequestHeader("Authorization", `Bearer ${bearer}`);
    call.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    call.upload.addEventListener("progress", ({ loaded, total }) => progress(total ? loaded / total : 1));
    call.addEventListener("load", () => {
      if (call.status < 300) return resolve(call.response);
      const message = call.response?.message ?? `The server answered ${call.status}.`;
      const error = new ServerError(call.status, message);
      error.retryAfter = Number(call.getResponseHeader("Retry-After"));
      reject(error);
    });
    call.addEventListener("error", () => reject(new Error("The connection was lost.")));
    call.addEventListener("abort", () => reject(new Error("It was cancelled.")));
    signal.addEventListener("abort", () => call.abort());
    call.send(file);
  });
}
