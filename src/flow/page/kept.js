// ---------------------------------------------------------------------------------------------------------------- kept
// What the steps have put into this document, and whether it still stands when the commit is done: a page that reloads itself,
// or a script that puts its controls back, would have another slot booked than the one that was wanted.
//
// It is told outside as { document, controls: [{ target, value }] }: a document that was loaded anew may hold the same again.

// Controls that steps have set, and how they were found.
const setControls = new Map();

// What was clicked cannot be looked at afterwards: it stands as long as the document does.
let clicks = 0;

function setsControl(target, element, how) {
  if (!how.secret) setControls.set(element, target);
}

function remember() {
  const controls = [...setControls].filter(([element, target]) => locate(target, document, 'there').element === element);
  return { document: clicks > 0 ? documentId : null, controls: controls.map(([element, target]) => ({ target, value: valueNow(element) })) };
}

function valueNow(element) {
  if (element.localName === 'select') return Array.from(element.selectedOptions, option => option.value).join('\n');
  if (element.localName === 'input' && /^(checkbox|radio)$/.test(element.type)) return String(element.checked);
  if (element.hasAttribute('aria-checked')) return element.getAttribute('aria-checked');
  return 'value' in element ? String(element.value) : element.textContent;
}

// Why the document no longer holds what was put into it; null while it does.
function unkept(kept) {
  if (!kept) return null;
  if (kept.document && kept.document !== documentId) return 'the page was loaded anew after it had been filled in';
  for (const { target, value } of kept.controls) {
    const found = locate(target, document, 'there');
    if (!found.element) return `what had been filled in is gone: ${found.reason}`;
    const why = differs(found.element, value);
    if (why) return why;
  }
  return null;
}

// A mask may write the same otherwise.
function differs(element, value) {
  if (bare(valueNow(element)) === bare(value)) return null;
  return `${outline(element)} holds ${quote(valueNow(element))} and no longer ${quote(value)}: the page has changed it`;
}

// ------------------------------------------------------------------------------------------------- before a driver's click

// What the click of a driver's hands is compared with as it comes; null: nothing.
let guarded = null;

// Why that click was held back.
let heldBack = null;

// The last look before a commit that others do: what holds already, and whether it still is the page that was filled in.
function look(outcomes, kept) {
  const why = unkept(kept);
  if (why) return fail('changed', why);
  noteBefore(outcomes);
  guarded = kept.controls.map(({ target, value }) => ({ element: locate(target, document, 'there').element, value }));
  heldBack = null;
  return done();
}

addEventListener('click', event => {
  if (!event.isTrusted || guarded === null) return;
  const bad = guarded.find(({ element, value }) => !element.isConnected || differs(element, value));
  guarded = null;
  if (!bad) return;
  heldBack = differs(bad.element, bad.value) ?? 'what had been filled in is gone';
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

