// Symbl's own addresses, `/meeting/#/BASE64?o=TOKEN`: goes on to the page of the conversation that they name.

function named(hash) {
  const [payload, query = ""] = hash.replace(/^#\/?/, "").split("?");
  // Where base64 is padded at all it may be with dots.
  const base64 = decodeURIComponent(payload).replace(/[.=]+$/, "").replace(/-/g, "+").replace(/_/g, "/");
  const { sessionId, conversationId } = JSON.parse(atob(base64));
  return [String(sessionId ?? conversationId ?? ""), new URLSearchParams(query).get("o")];
}

try {
  const [id, token] = named(location.hash);
  if (!/^\d+$/.test(id)) throw new Error("no conversation");
  location.replace(token ? `/experiences/${id}?o=${encodeURIComponent(token)}` : `/conversations/${id}`);
} catch {
  document.getElementById("title").textContent = "This address names no conversation";
}
