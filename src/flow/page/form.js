// ---------------------------------------------------------------------------------------------------------------- form
// The form behind a button: what would be sent, and the ways of sending it.

const isSubmitter = element =>
  (element.localName === 'button' && element.type === 'submit') || (element.localName === 'input' && /^(submit|image)$/.test(element.type));

const formOf = element => (element.localName === 'form' ? element : element.form ?? element.closest('form'));

// Why the browser would refuse to submit, or null.
function invalidControl(form, button) {
  if (form.noValidate || button.formNoValidate) return null;
  const control = Array.from(form.elements).find(each => each.willValidate && !each.validity.valid);
  return control ? `${outline(control)} is not filled in rightly: ${control.validationMessage || 'invalid'}` : null;
}

// Everything of the request that the commit's button would make, without making it.
// → { method, action, enctype, fields, … } or { unsupported }
function prepared(commit) {
  const found = locate(commit.click);
  if (!found.element) return wait(found.kind, found.reason);
  const button = found.element.closest('button, input') ?? found.element;
  const form = formOf(button);
  if (!form || !isSubmitter(button)) return done({ unsupported: `${outline(button)} is not the button of a form` });
  const stated = name => button.getAttribute(`form${name}`) ?? form.getAttribute(name);
  const method = (stated('method') ?? 'get').toUpperCase();
  const enctype = stated('enctype') ?? 'application/x-www-form-urlencoded';
  const fields = fieldsOf(form, button);
  return done({
    method,
    action: new URL(stated('action') || document.URL, document.baseURI).href,
    enctype,
    fields: fields.filter(([, value]) => typeof value === 'string').map(([name, value]) => [name, withLineEnds(value)]),
    unsupported: unsupportedForm(method, enctype, fields),
    charset: document.characterSet,
    referer: document.URL.split('#')[0],
    origin: location.origin,
    'user-agent': navigator.userAgent,
    languages: Array.from(navigator.languages),
    hit: found.hit,
  });
}

function unsupportedForm(method, enctype, fields) {
  if (fields.some(([, value]) => typeof value !== 'string' && value.size > 0)) return 'the form sends a file';
  if (method === 'DIALOG') return 'the form only closes a dialog';
  return method === 'POST' && !/^application\/x-www-form-urlencoded$/i.test(enctype) ? `the form is sent as ${enctype}` : undefined;
}

// Browsers that cannot name the button to FormData get it appended.
function fieldsOf(form, button) {
  try {
    return [...new FormData(form, button)];
  } catch {
    return [...new FormData(form), ...(button.name ? [[button.name, button.value]] : [])];
  }
}

const withLineEnds = value => value.replace(/\r\n|\r|\n/g, '\r\n');

// ------------------------------------------------------------------------------------------------------------- requests

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

function sendPrepared(form) {
  const body = new URLSearchParams(form.fields);
  if (form.method === 'POST') return ask(form.action, { method: 'POST', body });
  const url = new URL(form.action);
  url.search = body.toString();
  return ask(url.href, { method: form.method });
}

function sendRequest({ method, url, headers, body }) {
  const sent = new Headers(headers);
  const [kind, content] = typeof body === 'string' ? [body, null] : Object.entries(body)[0];
  if (kind === 'json' && !sent.has('content-type')) sent.set('content-type', 'application/json');
  const payload = { empty: () => undefined, form: () => new URLSearchParams(content), json: () => content }[kind]();
  return ask(url, { method, headers: sent, body: payload });
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

