// ---------------------------------------------------------------------------------------------------------------- form
// The form behind a button: what would be sent, and the ways of sending it.

const isSubmitter = element =>
  (element.localName === 'button' && element.type === 'submit') || (element.localName === 'input' && /^(submit|image)$/.test(element.type));

const formOf = element => (element.localName === 'form' ? element : element.form ?? element.closest('form'));

// Why the browser would refuse to submit, or null.
function invalidControl(form, button) {
  if (form.noValidate || button?.formNoValidate) return null;
  const control = Array.from(form.elements).find(each => each.willValidate && !each.validity.valid);
  return control ? `${outline(control)} is not filled in rightly: ${control.validationMessage || 'invalid'}` : null;
}

// A document as addresses in it are seen: the live page here, a fetched one in chain.js.
const livePage = () => ({ doc: document, url: document.URL, base: document.baseURI, charset: document.characterSet });

// Everything of the request that the commit's button would make, without making it.
// → { method, action, enctype, fields, … } or { unsupported }
function prepared(commit) {
  const found = locate(commit.click);
  if (!found.element) return wait(found.kind, found.reason);
  const button = found.element.closest('button, input') ?? found.element;
  const form = formOf(button);
  if (!form || !isSubmitter(button)) return done({ unsupported: `${outline(button)} is not the button of a form` });
  const asked = requestOf(form, button, livePage());
  return done({
    ...asked,
    fields: asked.fields.filter(([, value]) => typeof value === 'string'),
    unsupported: unsupportedForm(asked.method, asked.enctype, asked.fields),
    charset: document.characterSet,
    referer: document.URL.split('#')[0],
    origin: location.origin,
    'user-agent': navigator.userAgent,
    languages: Array.from(navigator.languages),
    hit: found.hit,
  });
}

// What submitting the form would ask for; `button` may be null.
function requestOf(form, button, page) {
  const stated = name => button?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  return {
    method: oneOf(stated('method'), ['post', 'dialog'], 'get').toUpperCase(),
    action: new URL(stated('action') || page.url, page.base).href,
    enctype: oneOf(stated('enctype'), ['multipart/form-data', 'text/plain'], URLENCODED),
    fields: fieldsOf(form, button).map(([name, value]) => [name, typeof value === 'string' ? withLineEnds(value) : value]),
  };
}

// What browsers do not know counts as left out.
const oneOf = (word, known, otherwise) => known.find(each => each === word?.trim().toLowerCase()) ?? otherwise;

const URLENCODED = 'application/x-www-form-urlencoded';

function unsupportedForm(method, enctype, fields) {
  if (fields.some(([, value]) => typeof value !== 'string' && value.size > 0)) return 'the form sends a file';
  if (method === 'DIALOG') return 'the form only closes a dialog';
  return method === 'POST' && enctype !== URLENCODED ? `the form is sent as ${enctype}` : undefined;
}

// Browsers that cannot name the button to FormData get it appended.
function fieldsOf(form, button) {
  try {
    return [...new FormData(form, button)];
  } catch {
    return [...new FormData(form), ...(button?.name ? [[button.name, button.value]] : [])];
  }
}

const withLineEnds = value => value.replace(/\r\n|\r|\n/g, '\r\n');

// ------------------------------------------------------------------------------------------------------------- requests

// What browsers say they would like for a page.
const PAGE_ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

// The longest answer that is kept; a page beyond it is cut.
const LONGEST_REPLY = 400000;

// No request outlives this, whatever the step allows.
const REQUEST_MS = 120000;

async function ask(url, options) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), REQUEST_MS);
  try {
    const answer = await fetch(url, { credentials: 'include', cache: 'no-store', signal: stop.signal, ...options });
    const text = await answer.text();
    return { status: answer.status, url: answer.url, text: text.slice(0, LONGEST_REPLY) };
  } finally {
    clearTimeout(timer);
  }
}

// As the page at that address would, where it is another one than this.
function sendPrepared(form, referrer = 'about:client') {
  const { method, url, body } = asSent(form);
  return ask(url, { method, body, headers: { accept: PAGE_ACCEPT }, referrer });
}

// A form's request as fetch takes it: GET puts the fields into the address.
function asSent({ method, action, enctype, fields }) {
  if (method === 'POST') return { method, url: action, body: enctype === URLENCODED ? new URLSearchParams(fields) : multipart(fields) };
  const url = new URL(action);
  url.search = new URLSearchParams(fields).toString();
  return { method, url: url.href };
}

function multipart(fields) {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  return body;
}

function sendRequest({ method, url, headers, body }) {
  const sent = new Headers(headers);
  const [kind, content] = typeof body === 'string' ? [body, null] : Object.entries(body)[0];
  if (kind === 'json' && !sent.has('content-type')) sent.set('content-type', 'application/json');
  const payload = { empty: () => undefined, form: () => new URLSearchParams(content), json: () => content }[kind]();
  // What is asked of this very site goes along with no redirect to another one.
  const mode = new URL(url, location.href).origin === location.origin ? 'same-origin' : 'cors';
  return ask(url, { method, headers: sent, body: payload, mode });
}

// Requests on their way, by the runner's ticket: a step is asked again until its answer is there.
const asked = new Map();

function underWay(ticket, send) {
  if (!asked.has(ticket)) {
    const entry = {};
    asked.set(ticket, entry);
    send().then(reply => { entry.reply = reply; }, error => { entry.error = String(error.message ?? error); });
  }
  return asked.get(ticket);
}

function request(what, ticket) {
  const entry = underWay(ticket, () => sendRequest(what));
  if (entry.error) return fail('unreachable', `${what.method} ${what.url} failed: ${entry.error}`);
  if (!entry.reply) return wait('timeout', `${what.url} has not answered yet`);
  const { reply } = entry;
  if (what.expect && !holds(what.expect, reply)) {
    return fail('expectation', `of the answer ${reply.status} of ${what.url} it does not hold that ${tell(what.expect)}`);
  }
  const values = (what.read ?? []).map(([name, pointer]) => [name, pointed(jsonOf(reply), pointer)]);
  const missing = values.find(([, value]) => value === undefined);
  if (missing) return fail('expectation', `the answer of ${what.url} has no value for ${missing[0]}`);
  return done({ values: values.map(([name, value]) => [name, asText(value)]), reply });
}

// Whether a condition holds of an address, looked at behind the page's back.
function fetched(url, condition, ticket) {
  const entry = underWay(ticket, () => ask(url, {}));
  if (entry.error) return fail('unreachable', `${url} failed: ${entry.error}`);
  return entry.reply ? done({ holds: holds(condition, entry.reply), reply: { ...entry.reply, text: '' } }) : wait('timeout', 'no answer yet');
}

