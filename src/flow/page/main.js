// ---------------------------------------------------------------------------------------------------------------- main
// The border: what the runner of steps may call, and what this document is doing.

// When this document began to go away; null while it stays.
let leftAt = null;
addEventListener('beforeunload', () => { leftAt = performance.now(); }, true);
addEventListener('pagehide', () => { leftAt = leftAt ?? performance.now(); }, true);
addEventListener('pageshow', event => { if (event.persisted) leftAt = null; }, true);

const isLeaving = (within = Infinity) => leftAt !== null && performance.now() - leftAt < within;

// This document, so that the runner can tell it from the next one.
const documentId = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

const isErrorPage = () => location.protocol === 'chrome-error:' || /^about:(neterror|certerror|httpsonlyerror)/.test(document.documentURI);

const state = () => ({
  url: document.URL,
  document: documentId,
  leaving: isLeaving(),
  loading: document.readyState === 'loading',
  'error-page': isErrorPage(),
});

// ------------------------------------------------------------------------------------------------------------- evidence

// Controls that were given a secret: their values are concealed from pictures.
const secretElements = new Set();

// Hidden fields that carry tokens.
const TOKEN_NAME = /csrf|token|session|auth|secret|nonce/i;

function conceal(on) {
  for (const element of [...secretElements, ...queryAll(document, 'input[type=password]')]) {
    for (const property of ['color', 'text-shadow', '-webkit-text-fill-color']) {
      if (on) element.style.setProperty(property, property === 'text-shadow' ? 'none' : 'transparent', 'important');
      else element.style.removeProperty(property);
    }
  }
}

// The page's source without what passwords and tokens hold.
function source() {
  const copy = document.documentElement.cloneNode(true);
  for (const input of copy.querySelectorAll('input[value]')) {
    const type = input.getAttribute('type')?.toLowerCase();
    if (type === 'password' || (type === 'hidden' && TOKEN_NAME.test(input.name))) input.setAttribute('value', '[masked]');
  }
  for (const meta of copy.querySelectorAll('meta[content]')) if (TOKEN_NAME.test(meta.name)) meta.content = '[masked]';
  return `<!-- ${document.URL.split(/[?#]/)[0].replace(/--/g, '- -')} -->\n${copy.outerHTML}`;
}

// ----------------------------------------------------------------------------------------------------------------- calls

const CALLS = {
  act, ready, prepared, fire, request, fetched, arm, resume, disarm, stopLoading, state, conceal, source, shown, cover, uncover,
  raceCommit: outcomes => raceCommit(outcomes),
  report: id => recall(id),
  look, remember, now: wallClock,
  changed: kept => unkept(kept),
  locate: (target, need) => locate(target, document, need),
  holds: (condition, reply) => ({ holds: holds(condition, reply), tells: tell(condition) }),
  race: (outcomes, reply) => race(outcomes, reply),
  rows: (what, reply) => rows(what, reply),
};

// These find the page covered, or cover it; before any other call, whoever covered it and was cut off is made good.
const COVERED = new Set(['shown', 'cover']);

// Every call ends with { value } or { problem: { kind, reason } }.
function call(name, args) {
  try {
    if (!COVERED.has(name)) uncover();
    return { value: CALLS[name](...args) ?? null };
  } catch (error) {
    return { problem: { kind: error.kind ?? 'script', reason: error.kind ? error.message : `${name}: ${error.message}` } };
  }
}

Object.defineProperty(window, '__firstserve', { value: Object.freeze({ call, resume }), enumerable: false });
