// --------------------------------------------------------------------------------------------------------------- chain
// Opening steps on documents that are fetched, read, filled in and sent on, while the page itself stays where it is. What each
// step means here, and what cannot be done here, stands in docs/chains.md; when the program goes on is armed.js's.
//
// A fetched page is a reply that keeps its document: { status, url, text, charset, again, from }. `again`: its address can be
// asked for again; `from`: the request that led to it, redirects not yet followed.

const loads = request => ({ state: 'load', request });

const get = url => ({ method: 'GET', url: url.split('#')[0] });

// The page that a chain starts from: its address only, for what is in it was loaded before the opening.
const startOfChain = () => ({ url: location.href.split('#')[0], charset: document.characterSet, again: true, from: null });

async function fetchPage(request, before, ms) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), ms);
  const { method, url, body } = request;
  const how = { credentials: 'same-origin', cache: 'no-store', headers: { accept: PAGE_ACCEPT }, referrer: before.url, signal: stop.signal };
  try {
    const answer = await fetch(url, { ...how, method, body });
    const bytes = await answer.arrayBuffer();
    const charset = charsetOf(answer, bytes) ?? before.charset;
    const again = method === 'GET' || answer.redirected;
    return { status: answer.status, url: answer.url, text: decoded(bytes, charset), charset, again, from: request };
  } finally {
    clearTimeout(timer);
  }
}

// Where a browser looks: the header, then the first kilobyte of the page.
function charsetOf(answer, bytes) {
  const stated = /charset=["']?([\w:-]+)/i.exec(answer.headers.get('content-type') ?? '');
  if (stated) return stated[1];
  const start = String.fromCharCode(...new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 1024)));
  return /<meta[^>]+charset=["']?([\w:-]+)/i.exec(start)?.[1];
}

function decoded(bytes, charset) {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

// A fetched page as its own addresses are seen.
function fetchedPage(page) {
  const doc = replyDocument(page);
  const base = doc.querySelector('base[href]')?.getAttribute('href');
  return { doc, url: page.url, base: base ? new URL(base, page.url).href : page.url };
}

// ---------------------------------------------------------------------------------------------------------------- steps

const CHAINED = {
  go: (address, at) => goOn(new URL(address, at.page.url), at),
  reload: (nothing, at) => (at.page.again ? loads(get(at.page.url)) : needsPage('the answer to a form cannot be loaded again')),
  click: (target, at) => onFetched(target, 'visible', at, element => clickOn(element, at)),
  submit: (target, at) => onFetched(target, 'visible', at, element => submitFetched(element, at)),
  fill: ({ target, with: text }, at) => onControl(target, 'visible', at, element => fill(element, text, at)),
  clear: (target, at) => onControl(target, 'visible', at, element => fill(element, '', at)),
  set: ({ target, with: text }, at) => onControl(target, 'there', at, element => setValue(element, text, at)),
  select: (what, at) => onControl(what.target, 'visible', at, element => select(element, what, at)),
  check: (target, at) => onControl(target, 'there', at, element => tickFetched(element, true)),
  uncheck: (target, at) => onControl(target, 'there', at, element => tickFetched(element, false)),
  expect: (condition, at) => (holds(condition, at.page) ? done() : doesNotHold(condition, at)),
  'wait-for': (condition, at) => (holds(condition, at.page) ? done() : waitOrAsk(condition, at)),
  request: (what, at) => request(what, at.ticket),
};

// One try of one step. `at`: { page, touched, passes, … } → done, load { request }, ask-again, wait (its own request is on its
// way), or fail: the document will not change by itself.
function actFetched(step, at) {
  const [verb, what] = typeof step.verb === 'string' ? [step.verb, null] : Object.entries(step.verb)[0];
  const asks = step.dialog?.accept !== undefined;
  if (!CHAINED[verb]) return needsPage(`${verb} needs a live page`);
  const result = CHAINED[verb](what, { ...at, secret: step.secret, asks });
  return result.state === 'wait' && verb !== 'request' ? { ...result, state: 'fail' } : result;
}

const needsPage = reason => fail('unsupported', reason);

const doesNotHold = (condition, at) => fail('expectation', `it does not hold that ${tell(condition, at.page)}`);

// What was filled in would be lost by asking again.
function waitOrAsk(condition, at) {
  const { reason } = doesNotHold(condition, at);
  return at.page.again && !at.isTouched() ? { state: 'ask-again', kind: 'expectation', reason } : fail('expectation', reason);
}

function onFetched(target, need, at, does) {
  const found = locate(target, replyDocument(at.page), need);
  return found.element ? { ...does(found.element), hit: found.hit } : fail(found.kind, found.reason);
}

function onControl(target, need, at, does) {
  return onFetched(target, need, at, element => {
    if (!isEnabled(element)) return fail('not-enabled', `${outline(element)} is not enabled`);
    if (hasScript(element, ['onchange', 'oninput'], at)) return ownScript(element);
    at.touch();
    return does(element);
  });
}

// A script that only asks is passed over: the flow has declared the answer.
const hasScript = (element, events, at) => !at.asks && events.some(event => element?.closest(`[${event}]`));

const ownScript = element => needsPage(`${outline(element)} has a script of its own`);

// ----------------------------------------------------------------------------------------------------------- going on

function goOn(url, at) {
  const stays = url.hash !== '' && at.page.text !== undefined && url.href.split('#')[0] === at.page.url;
  if (stays) return done();
  return url.origin === location.origin ? loads(get(url.href)) : needsPage(`${url.origin} is on another origin`);
}

const HANDLES = 'a[href], area[href], button, input, label, select, textarea, summary';

function clickOn(element, at) {
  const handle = element.closest(HANDLES);
  if (!isEnabled(handle ?? element)) return fail('not-enabled', `${outline(handle ?? element)} is not enabled`);
  if (hasScript(element, ['onclick'], at)) return ownScript(element);
  if (handle?.localName === 'label') return handle.control ? clickOnHandle(handle.control, at) : done();
  return clickOnHandle(handle, at) ?? needsPage(`${outline(element)} does nothing without a script`);
}

function clickOnHandle(handle, at) {
  if (handle === null) return null;
  if (/^(a|area)$/.test(handle.localName)) return follow(handle, at);
  if (isSubmitter(handle)) return submitFetched(handle, at);
  if (!isBox(handle)) return null;
  if (hasScript(handle, ['onclick', 'onchange', 'oninput'], at)) return ownScript(handle);
  at.touch();
  return tickFetched(handle, handle.type === 'radio' || !handle.checked);
}

function follow(link, at) {
  const view = fetchedPage(at.page);
  if (link.hasAttribute('download')) return needsPage(`${outline(link)} is a download`);
  if (opensWindow(link.getAttribute('target'), view)) return needsPage(`${outline(link)} opens another window`);
  return goOn(new URL(link.getAttribute('href').trim(), view.base), at);
}

function opensWindow(target, view) {
  const window = target ?? view.doc.querySelector('base[target]')?.getAttribute('target') ?? '';
  return !/^(|_self|_top|_parent)$/i.test(window);
}

function submitFetched(element, at) {
  const found = submission(element, at);
  return found.request ? loads(asSent(found.request)) : found;
}

// The form that the element is or belongs to, as it would be sent. → { request } or why it cannot be, or must not be.
function submission(element, at) {
  const [form, button] = [formOf(element), isSubmitter(element) ? element : null];
  if (!form) return needsPage(`${outline(element)} belongs to no form`);
  const invalid = invalidControl(form, button);
  if (invalid) return fail('rejected', invalid);
  if (hasScript(form, ['onsubmit'], at) || hasScript(button, ['onclick'], at)) return ownScript(form);
  const view = fetchedPage(at.page);
  const request = requestOf(form, button, view);
  const trouble = formTrouble(form, button, request, view, at);
  return trouble ? needsPage(trouble) : { request };
}

function formTrouble(form, button, { method, action, enctype, fields }, view, at) {
  if (method === 'DIALOG') return 'the form only closes a dialog';
  if (method === 'POST' && enctype === 'text/plain') return 'the form is sent as text/plain';
  if (Array.from(form.elements).some(each => each.type === 'file')) return 'the form has a file field';
  if (new URL(action).origin !== location.origin && !at.isLive) return `${outline(form)} is sent to ${new URL(action).origin}, on another origin`;
  if (opensWindow(button?.getAttribute('formtarget') ?? form.getAttribute('target'), view)) return `${outline(form)} opens another window`;
  const foreign = !/^utf-?8$/i.test(at.page.charset) && fields.find(each => !isAscii(each.join('')));
  return foreign ? `the field ${foreign[0]} would have to be written in ${at.page.charset}` : null;
}

const isAscii = text => /^[\x00-\x7f]*$/.test(text);

const isBox = element => element.localName === 'input' && /^(checkbox|radio)$/.test(element.type);

function tickFetched(box, wanted) {
  if (!isBox(box)) return needsPage(`${outline(box)} cannot be ticked without a script`);
  if (box.type === 'radio' && !wanted) return fail('rejected', 'a radio button cannot be unticked');
  box.checked = wanted;
  return done();
}

// --------------------------------------------------------------------------------------------------------------- commit

// Whether the commit could be done from the chain's document → { state: "ready", request, hit } or fail. Sends nothing.
function readyFetched(commit, at) {
  // A form that the browser itself sends may go to another origin.
  const how = { ...at, asks: commit.dialog?.accept !== undefined, isLive: commit.send === 'form' };
  return onFetched(commit.click, 'visible', how, element => {
    const button = element.closest('button, input') ?? element;
    if (!isSubmitter(button)) return needsPage(`${outline(button)} is not the button of a form`);
    if (!isEnabled(button)) return fail('not-enabled', `${outline(button)} is not enabled`);
    const found = submission(button, how);
    return found.request ? { state: 'ready', request: found.request } : found;
  });
}

// The chain's form as a real one: a copy of its fields in the live page, sent by the browser.
function submitAsForm({ method, action, enctype, fields }) {
  const form = document.createElement('form');
  const how = { method, action, enctype, 'accept-charset': 'utf-8', target: '_self' };
  for (const [name, value] of Object.entries(how)) form.setAttribute(name, value);
  form.hidden = true;
  form.append(...fields.map(([name, value]) => hiddenField(name, value)));
  document.documentElement.append(form);
  // A field named "submit" hides the method of the form itself.
  HTMLFormElement.prototype.submit.call(form);
}

function hiddenField(name, value) {
  const field = document.createElement('input');
  field.type = 'hidden';
  field.name = name;
  field.value = value;
  return field;
}

