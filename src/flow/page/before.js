// -------------------------------------------------------------------------------------------------------------- before
// What a page shows already before the commit is no answer to it, as long as it stands there unchanged: a form that a script
// sends leaves its document, and the refusal of yesterday, where they are. So it is noted ahead of the commit which outcomes
// hold, and by what: { element, text } each. An outcome counts again once it was seen not to hold, once something else makes it
// hold, or once the page wrote the same there anew. In the next document everything counts.

// What was noted: { outcomes, held: [proofs or null], touched, restless, pressed, at, took }; null: nothing.
let before = null;

// A look that takes longer than this is not taken again close to the instant.
const COSTLY_MS = 6;

// A page that keeps changing before the commit is looked at again after this long, or after so many times of what a look takes.
const LOOK_AGAIN_MS = 200;
const LOOK_AGAIN_TIMES = 50;

// Notes what holds now, ahead of the commit; → whether it did.
function noteBefore(outcomes) {
  const earlier = before !== null && !before.pressed ? before : null;
  if (earlier !== null && earlier.took > COSTLY_MS) return false;
  const at = performance.now();
  const held = outcomes.map(({ when }) => proofsNow(when));
  before = { outcomes, held, touched: new WeakSet(), restless: earlier?.restless ?? new WeakSet(), pressed: false, at, took: 0 };
  before.took = performance.now() - at;
  changes.observe(document, { subtree: true, childList: true, characterData: true });
  return true;
}

// The commit is done in this moment: what the page writes from now on may be its answer.
function pressed() {
  if (before === null || before.pressed) return;
  hear(changes.takeRecords());
  before.pressed = true;
  if (before.held.every(proofs => proofs === null)) changes.disconnect();
}

// A driver's hands are told of by the browser.
for (const kind of ['pointerdown', 'click']) addEventListener(kind, event => { if (event.isTrusted) pressed(); }, true);

const changes = new MutationObserver(records => {
  if (before === null) return;
  hear(records);
  const rest = Math.max(LOOK_AGAIN_MS, LOOK_AGAIN_TIMES * before.took);
  if (!before.pressed && performance.now() - before.at > rest) noteBefore(before.outcomes);
});

// What changes by itself before the commit proves nothing by changing after it.
function hear(records) {
  const elements = before.held.flatMap(proofs => proofs ?? []).map(({ element }) => element);
  const changed = elements.filter(element => records.some(({ target }) => element !== document && element.contains(target)));
  for (const element of changed) (before.pressed ? before.touched : before.restless).add(element);
}

// The first outcome that holds of this document and is no left-over; null while there is none.
function raceFresh(outcomes) {
  if (document.readyState === 'loading' || isLeaving()) return null;
  pressed();
  const at = outcomes.findIndex(({ when }, nth) => isAnswer(when, nth));
  return at < 0 ? null : { is: outcomes[at].is, place: outcomes[at].place };
}

function isAnswer(when, nth) {
  if (!holds(when)) {
    if (before !== null) before.held[nth] = null;
    return false;
  }
  const old = before?.held[nth] ?? null;
  if (old === null) return true;
  const fresh = proofs(when).some(proof => isNew(proof, old));
  if (fresh) before.held[nth] = null;
  return fresh;
}

function isNew({ element, text, exact }, old) {
  const same = old.find(proof => proof.element === element);
  if (!same) return true;
  if (before.restless.has(element)) return false;
  if (same.text === text) return before.touched.has(element);
  // A text that counts down says nothing else than before.
  return exact === true || withoutDigits(same.text) !== withoutDigits(text);
}

const withoutDigits = text => text.replace(/\d+/g, '#');

// Null where the condition does not hold, or cannot be asked.
function proofsNow(when) {
  try {
    return holds(when) ? proofs(when) : null;
  } catch {
    return null;
  }
}

// By what a condition holds that does. What is proven by nothing being there has no proof: it must be seen not to hold first.
function proofs(condition) {
  const [[kind, what]] = Object.entries(condition);
  return (PROOFS[kind] ?? (() => []))(what);
}

const shows = element => ({ element, text: tidy(textOf(element)) });

const PROOFS = {
  visible: target => every(target, document).filter(isVisible).map(shows),
  enabled: target => every(target, document).filter(element => isVisible(element) && isEnabled(element)).map(shows),
  text: ({ text, within }) => sayers(within, have => says(have, text, false)),
  matches: ({ pattern, within }) => sayers(within, have => expression(pattern).test(tidy(have))),
  url: () => [{ element: document, text: location.href, exact: true }],
  count: ({ of }) => every(of, document).map(shows),
  attribute: ({ of, name }) => every(of, document).map(element => ({ element, text: valueOf(element, name), exact: true })),
  json: ({ pointer }) => [{ element: document.body, text: asText(pointed(jsonOf(), pointer)), exact: true }],
  all: parts => parts.flatMap(proofs),
  any: parts => parts.filter(part => holds(part)).flatMap(proofs),
};

// The innermost elements that say it: a page writes much around them.
function sayers(within, test) {
  const roots = within?.length ? every(within, document) : [document.body ?? document.documentElement];
  return roots.filter(root => test(textOf(root))).flatMap(root => innermostOf(root, test)).map(shows);
}

function innermostOf(element, test) {
  const inside = Array.from(element.children).filter(child => !child.matches(UNREAD) && test(child.textContent) && test(textOf(child)));
  return inside.length > 0 ? inside.flatMap(child => innermostOf(child, test)) : [element];
}

