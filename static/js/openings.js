// Who opened my data: recalculates each line's proof (RFC 6962) up to the root of the checkpoint in its file, and says so.
// The page is complete without it. What is compared: the entry's hash, and that the line shows what the entry says. The
// checkpoint's signature is not checked here: verify.py does, with keys that the person has pinned.
"use strict";

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const same = (one, other) => one.length === other.length && one.every((value, place) => value === other[place]);

async function hash(prefix, ...parts) {
  const whole = new Uint8Array(1 + parts.reduce((length, part) => length + part.length, 0));
  whole[0] = prefix;
  let place = 1;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

const leafHash = (entry) => hash(0, new TextEncoder().encode(entry));
const nodeHash = (left, right) => hash(1, left, right);

// The root to which a proof leads from a leaf (RFC 9162, 2.1.3.2); null if it has too many or too few hashes.
async function climb(index, size, leaf, path) {
  if (index >= size) return null;
  let node = index;
  let last = size - 1n;
  let found = leaf;
  for (const sibling of path) {
    if (last === 0n) return null;
    if (node & 1n || node === last) {
      found = await nodeHash(sibling, found);
      while (node && !(node & 1n)) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      found = await nodeHash(found, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? found : null;
}

// The parts of a C2SP tlog-proof: index, hashes, and size and root of the checkpoint in it.
function parse(text) {
  const end = text.indexOf("\n\n");
  const [kind, index, ...path] = text.slice(0, end).split("\n");
  const [, size, root] = text.slice(end + 2).split("\n");
  if (kind !== "c2sp.org/tlog-proof@v1" || !index.startsWith("index ")) throw new Error("not a tlog-proof");
  return { index: BigInt(index.slice(6)), path: path.map(bytes), size: BigInt(size), root: bytes(root) };
}

// Whether a line of the page shows what its entry says.
function shows(line, entry) {
  const end = entry.indexOf("\n");
  const [number, , , time, kind] = entry.slice(0, end).split("\t");
  const said = JSON.parse(entry.slice(end + 1));
  const shown = line.dataset;
  return (
    number === shown.entry &&
    time === shown.time &&
    kind === "read" &&
    said.actor === shown.by &&
    (said.task || said.word) === shown.task &&
    (said.purpose || "") === shown.purpose
  );
}

async function check(line, given) {
  if (!given || given.none) return given?.none === "wait" ? "wait" : "none";
  try {
    const proof = parse(given.proof);
    const whole = given.entry !== undefined;
    const leaf = whole ? await leafHash(given.entry) : bytes(given.leaf);
    const root = await climb(proof.index, proof.size, leaf, proof.path);
    if (root === null || !same(root, proof.root) || (whole && !shows(line, given.entry))) return "bad";
    return whole ? "good" : "hash";
  } catch {
    return "bad";
  }
}

async function run(list, summary) {
  const answer = await fetch(list.dataset.proofs, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const proofs = await answer.json();
  const lines = [...list.querySelectorAll("li[data-entry]")];
  const count = { good: 0, hash: 0, bad: 0, wait: 0, none: 0 };
  for (const line of lines) {
    const found = await check(line, proofs[line.dataset.entry]);
    const mark = line.querySelector(".mark");
    mark.textContent = { good: "✓ ", hash: "", bad: "✗ ", wait: "", none: "✗ " }[found] + list.dataset[found];
    mark.dataset.found = found;
    if (found === "bad" || found === "none") line.classList.add("bad");
    count[found] += 1;
  }
  summary.textContent = summary.dataset.summary
    .replace("{good}", count.good)
    .replace("{all}", lines.length)
    .replace("{hash}", count.hash);
}

const list = document.querySelector("[data-proofs]");
if (list && window.crypto && crypto.subtle) run(list, document.querySelector("[data-summary]"));
