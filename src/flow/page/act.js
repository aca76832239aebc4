// ----------------------------------------------------------------------------------------------------------------- act
// One try of one step, never blocking: done, wait (ask again until the step's time is over) or fail (asking again is useless).
// With `real` the driver has real keys and a real pointer: then a click ends as "ready" with the element to be clicked.

const done = (more = {}) => ({ state: 'done', ...more });
const wait = (kind, reason) => ({ state: 'wait', kind, reason });
const fail = (kind, reason) => ({ state: 'fail', kind, reason });

const VERBS = {
  go: (address, how) => goTo(address, how),
  reload: (nothing, how) => leave(how, 'surely', () => location.reload()),
  click: (target, how) => onTarget(target, how, element => pressOn(element, how)),
  submit: (target, how) => onElement(target, 'visible', element => submitForm(element, how)),
  fill: ({ target, with: text }, how) => onSettable(target, 'visible', how, element => fill(element, text, how)),
  clear: (target, how) => onSettable(target, 'visible', how, element => fill(element, '', how)),
  set: ({ target, with: text }, how) => onSettable(target, 'there', how, element => setValue(element, text, how)),
  select: (what, how) => onSettable(what.target, 'visible', how, element => select(element, what, how)),
  check: (target, how) => onSettable(target, 'there', how, element => tick(element, true, how)),
  uncheck: (target, how) => onSettable(target, 'there', how, element => tick(element, false, how)),
  type: ({ target }, how) => onTarget(target, how, element => (setsControl(target, element, how), needsHands(element, how))),
  press: ({ target }, how) => (target?.length ? onTarget(target, how, element => needsHands(element, how)) : needsHands(null, how)),
  upload: ({ target }, how) => onElement(target, 'there', element => needsHands(element, how)),
  frame: (target, how) => onElement(target, 'there', element => needsHands(element, how)),
  'wait-for': condition => expectation(condition, wait),
  expect: condition => expectation(condition, fail),
  read: what => read(what),
  rows: (what, how) => readRows(what, how.reply),
  request: (what, how) => request(what, how.ticket),
};

function act(step, how = {}) {
  const [verb, what] = typeof step.verb === 'string' ? [step.verb, null] : Object.entries(step.verb)[0];
  if (!VERBS[verb]) return fail('unsupported', `${verb} cannot be done in a page`);
  return VERBS[verb](what, { ...how, secret: step.secret });
}

// Finds the target, then does something with it; which locator hit goes into the answer.
function onElement(target, need, does) {
  const found = locate(target, document, need);
  if (!found.element) return wait(found.kind, found.reason);
  return { ...does(found.element), hit: found.hit };
}

// The same for a control that is given a value.
function onSettable(target, need, how, does) {
  return onElement(target, need, element => {
    setsControl(target, element, how);
    return does(element);
  });
}

// The same for what a pointer or a key must be able to reach.
function onTarget(target, how, does) {
  return onElement(target, 'visible', element => {
    const trouble = obstacle(element, how.real);
    return trouble ? wait(trouble.kind, trouble.reason) : does(element);
  });
}

const needsHands = (element, how) => (how.real ? { state: 'ready', element } : fail('unsupported', 'it needs real keys'));

function pressOn(element, how) {
  clicks += 1;
  if (how.real) return { state: 'ready', element };
  return leave(how, 'perhaps', () => element.click());
}

// For what may take the page away: the runner is told before it happens (there may be no afterwards) and again after it.
// A driver gets its answer first: a dialog that opens would keep it back, and the step would seem not done.
function leave(how, leaves, does) {
  how.passes?.();
  if (how.real) setTimeout(does, 0);
  else does();
  return done({ leaves });
}

// A fragment of the same page loads nothing.
function goTo(address, how) {
  const [from, to] = [new URL(location.href), new URL(address, location.href)];
  const stays = to.hash !== '' && from.href.split('#')[0] === to.href.split('#')[0];
  return leave(how, stays ? undefined : 'surely', () => location.assign(to.href));
}

function submitForm(element, how) {
  const form = formOf(element);
  if (!form) return fail('unsupported', `${outline(element)} belongs to no form`);
  const invalid = invalidControl(form, element);
  if (invalid) return wait('rejected', invalid);
  // A control named "submit" or "requestSubmit" hides the method of the form itself.
  const submit = () => HTMLFormElement.prototype.requestSubmit.call(form, isSubmitter(element) ? element : null);
  return leave(how, 'perhaps', submit);
}

// ------------------------------------------------------------------------------------------------------------- controls

const EDITABLE_INPUTS = /^(text|search|url|tel|email|password|number|date|month|week|time|datetime-local|color|range)$/;

function fill(element, text, how) {
  const trouble = isEnabled(element) ? uneditable(element) : wait('not-enabled', `${outline(element)} is not enabled`);
  if (trouble) return trouble;
  element.focus();
  return setValue(element, text, how);
}

function uneditable(element) {
  if (element.isContentEditable) return null;
  const text = element.localName === 'textarea' || (element.localName === 'input' && EDITABLE_INPUTS.test(element.type));
  if (!text) return fail('rejected', `${outline(element)} does not take text`);
  return element.readOnly ? wait('not-enabled', `${outline(element)} is read-only (set can change it)`) : null;
}

function setValue(element, text, how) {
  if (how.secret) secretElements.add(element);
  if (element.isContentEditable) element.textContent = text;
  else if ('value' in element) nativeValue(element, text);
  else return fail('rejected', `${outline(element)} has no value`);
  announce(element, how.secret ? null : text);
  const took = element.isContentEditable || sameValue(element, text);
  return took ? done() : wait('rejected', `${outline(element)} did not take ${how.secret ? 'the value' : quote(text)}`);
}

// Frameworks watch the control by giving it a `value` of its own: the native one is called beneath it.
function nativeValue(element, text) {
  const prototype = Object.getPrototypeOf(element);
  const native = lookUp(prototype, 'value');
  if (native?.set) native.set.call(element, text);
  else element.value = text;
}

function lookUp(prototype, property) {
  for (let each = prototype; each; each = Object.getPrototypeOf(each)) {
    const found = Object.getOwnPropertyDescriptor(each, property);
    if (found) return found;
  }
  return null;
}

// A date control drops what is no date; a mask may write the same digits differently.
function sameValue(element, text) {
  if (element.value === text || text === '') return element.value === text;
  return element.value !== '' && (bare(element.value) === bare(text) || element.localName === 'select');
}

const bare = value => value.replace(/\r\n?/g, '\n').replace(/[\s().\-/:]/g, '').toLowerCase();

function announce(element, data) {
  element.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true, inputType: 'insertReplacementText', data }));
  element.dispatchEvent(new Event('change', { bubbles: true }));
}

function select(element, { by, options }, how) {
  if (element.localName !== 'select') return fail('rejected', `${outline(element)} is no select`);
  if (!isEnabled(element)) return wait('not-enabled', `${outline(element)} is not enabled`);
  if (options.length > 1 && !element.multiple) return fail('rejected', `${outline(element)} takes one option only`);
  const chosen = [];
  for (const wanted of options) {
    const found = Array.from(element.options).filter(option => isOption(option, by, wanted));
    if (found.length !== 1) return wait(found.length ? 'ambiguous' : 'rejected', optionTrouble(element, by, wanted, found, how));
    if (found[0].disabled || found[0].closest('optgroup:disabled')) return wait('not-enabled', `the option ${quote(wanted)} is not enabled`);
    chosen.push(found[0]);
  }
  return chooseOptions(element, chosen);
}

function isOption(option, by, wanted) {
  if (by === 'value') return option.value === wanted;
  if (by === 'text') return says(option.textContent, wanted, false);
  return says(option.label, wanted, true) || says(option.textContent, wanted, true);
}

function optionTrouble(element, by, wanted, found, how) {
  if (found.length) return `${found.length} options of ${outline(element)} match ${quote(wanted)}`;
  const shown = Array.from(element.options).slice(0, 12).map(option => (by === 'value' ? option.value : tidy(option.textContent)));
  return `${outline(element)} has no option ${quote(how.secret ? 'that was wanted' : wanted)}; it has ${shown.map(quote).join(', ') || 'none'}`;
}

function chooseOptions(element, chosen) {
  const before = Array.from(element.options, option => option.selected);
  for (const option of element.options) {
    if (element.multiple) option.selected = chosen.includes(option);
    else if (option === chosen[0]) option.selected = true;
  }
  if (Array.from(element.options).some((option, at) => option.selected !== before[at])) announce(element, null);
  return done();
}

// A box that only its label shows is ticked by the label, as a person does it.
function tick(element, wanted, how) {
  const box = element.localName === 'input' && /^(checkbox|radio)$/.test(element.type);
  if (!box && !element.hasAttribute('aria-checked')) return fail('rejected', `${outline(element)} cannot be ticked`);
  const ticked = box ? element.checked : element.getAttribute('aria-checked') === 'true';
  if (ticked === wanted) return done();
  if (box && element.type === 'radio' && !wanted) return fail('rejected', 'a radio button cannot be unticked');
  const hand = isVisible(element) ? element : Array.from(element.labels ?? []).find(isVisible);
  if (!hand) return wait('not-visible', 'it is not visible');
  const trouble = isEnabled(element) ? obstacle(hand, how.real) : { kind: 'not-enabled', reason: 'it is not enabled' };
  if (trouble) return wait(trouble.kind, trouble.reason);
  if (performance.now() - (lastTick.get(element) ?? -Infinity) < TICK_MS) return wait('rejected', 'the click did not change it');
  lastTick.set(element, performance.now());
  if (how.real) return { state: 'ready', element: hand };
  hand.click();
  return wait('rejected', 'the click did not change it');
}

// A box that changes a moment after its click must not be clicked back.
const TICK_MS = 500;
const lastTick = new WeakMap();

// -------------------------------------------------------------------------------------------------------------- reading

// A page that is still being read, or on its way out, can prove nothing.
function expectation(condition, otherwise) {
  if (document.readyState === 'loading' || isLeaving(LEAVING_MS)) return wait('timeout', 'the page is still loading');
  return holds(condition) ? done() : otherwise('expectation', `it does not hold that ${tell(condition)}`);
}

function read({ target, attribute, matches: pattern }) {
  return onElement(target, 'there', element => {
    const value = extract(tidy(valueOf(element, attribute)), pattern);
    return value === null ? wait('rejected', `${outline(element)} does not match ${quote(pattern)}`) : done({ value });
  });
}

// `value` is what the control holds now, not what the markup says.
function valueOf(element, attribute) {
  if (!attribute) return textOf(element);
  if (attribute === 'value' && 'value' in element) return element.value;
  return element.getAttribute(attribute) ?? '';
}

function readRows(what, reply) {
  if (what['fresh-if'] && !holds(what['fresh-if'], reply)) {
    return wait('expectation', `this is not the list: it does not hold that ${tell(what['fresh-if'])}`);
  }
  return done({ rows: rows(what, reply) });
}

// The rows whose `equals` columns agree, each as { column: text }.
function rows(what, reply) {
  const sources = what.json === undefined ? every(what.of ?? [], replyDocument(reply)) : jsonRows(what.json, reply);
  return sources.filter(row => row !== null).flatMap(row => {
    const cells = what.columns.map(column => [column, cell(column, row)]);
    const ours = cells.every(([column, text]) => column.equals === undefined || says(text, column.equals, true));
    return ours ? [Object.fromEntries(cells.map(([column, text]) => [column.name, text]))] : [];
  });
}

function jsonRows(pointer, reply) {
  const list = reply ? pointed(jsonOf(reply), pointer) : undefined;
  if (!Array.isArray(list)) throw new Problem('expectation', `there is no list at ${quote(pointer)} of the last answer`);
  return list;
}

function cell(column, row) {
  if (column.json !== undefined) return extract(tidy(asText(pointed(row, column.json))), column.matches) ?? '';
  const element = column.target?.length ? locate(column.target, row, 'there') : { element: row };
  if (element.kind === 'ambiguous') throw new Problem('ambiguous', `in a row: ${element.reason}`);
  return element.element ? extract(tidy(valueOf(element.element, column.attribute)), column.matches) ?? '' : '';
}

