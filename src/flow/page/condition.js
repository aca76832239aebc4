// ----------------------------------------------------------------------------------------------------------- condition
// What holds of the live page, or of an answer { status, url, text } that was fetched. Conditions know no strictness: one
// match that agrees is enough, for at the instant an ambiguity must not hide an answer.

function holds(condition, reply) {
  const [[kind, what]] = Object.entries(condition);
  return CONDITIONS[kind](what, reply);
}

const CONDITIONS = {
  visible: (target, reply) => everyIn(target, reply).some(isVisible),
  gone: (target, reply) => !everyIn(target, reply).some(isVisible),
  enabled: (target, reply) => everyIn(target, reply).some(element => isVisible(element) && isEnabled(element)),
  text: ({ text, within }, reply) => textsOf(within, reply).some(have => says(have, text, false)),
  matches: ({ pattern, within }, reply) => textsOf(within, reply).some(have => expression(pattern).test(tidy(have))),
  url: (glob, reply) => isAddress(reply ? reply.url : location.href, glob),
  count: ({ of, min, max }, reply) => inRange(everyIn(of, reply).length, min, max),
  attribute: ({ of, name, equals }, reply) => everyIn(of, reply).some(element => says(valueOf(element, name), equals, true)),
  status: ({ from, to }, reply) => inRange(statusOf(reply), from, to),
  json: ({ pointer, equals }, reply) => isPointed(reply, pointer, equals),
  all: (parts, reply) => parts.every(part => holds(part, reply)),
  any: (parts, reply) => parts.some(part => holds(part, reply)),
  not: (part, reply) => !holds(part, reply),
};

const inRange = (number, min, max) => number >= min && (max === undefined || max === null || number <= max);

const everyIn = (target, reply) => every(target, replyDocument(reply));

function textsOf(within, reply) {
  return within?.length ? everyIn(within, reply).map(textOf) : [pageText(replyDocument(reply))];
}

// A fetched page is parsed once.
const parsed = new WeakMap();

function replyDocument(reply) {
  if (!reply) return document;
  if (!parsed.has(reply)) parsed.set(reply, new DOMParser().parseFromString(reply.text, 'text/html'));
  return parsed.get(reply);
}

// The whole address; a pattern that starts with "/" is compared with what follows the host.
function isAddress(address, glob) {
  const url = new URL(address, location.href);
  const have = glob.startsWith('/') ? url.pathname + url.search + url.hash : url.href;
  const pattern = glob.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('[^]*');
  return new RegExp(`^${pattern}$`).test(have);
}

// 0 where the browser does not say: no status holds then.
function statusOf(reply) {
  return reply ? reply.status : performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0;
}

function jsonOf(reply) {
  try {
    return JSON.parse(reply ? reply.text : document.body?.innerText);
  } catch {
    return undefined;
  }
}

function isPointed(reply, pointer, equals) {
  const value = pointed(jsonOf(reply), pointer);
  return value !== undefined && (equals === undefined || equals === null || asText(value) === equals);
}

// RFC 6901.
function pointed(value, pointer) {
  if (pointer === '') return value;
  const keys = pointer.split('/').slice(1).map(key => key.replace(/~1/g, '/').replace(/~0/g, '~'));
  return keys.reduce((at, key) => (at !== null && typeof at === 'object' && has(at, key) ? at[key] : undefined), value);
}

const has = (object, key) => Object.prototype.hasOwnProperty.call(object, key);

const asText = value => (value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value));

// The condition in words, for the message of a step that waited in vain.
function tell(condition, reply) {
  const [[kind, what]] = Object.entries(condition);
  const where = target => (target?.length ? ` in ${target.map(describe).join(' or ')}` : '');
  const telling = {
    visible: () => `${what.map(describe).join(' or ')} is visible`,
    gone: () => `${what.map(describe).join(' or ')} is gone`,
    enabled: () => `${what.map(describe).join(' or ')} is enabled`,
    text: () => `the text ${quote(what.text)} is there${where(what.within)}`,
    matches: () => `the text matches ${quote(what.pattern)}${where(what.within)}`,
    url: () => `the address is ${quote(what)} (it is ${quote(reply ? reply.url : location.href)})`,
    count: () => `${what.of.map(describe).join(' or ')} is there ${what.min}${what.max === undefined ? ' times or more' : ` to ${what.max} times`}`,
    attribute: () => `${what.name} is ${quote(what.equals)}${where(what.of)}`,
    status: () => `the status is ${what.from}${what.to === what.from ? '' : ` to ${what.to}`}`,
    json: () => `the answer has ${quote(what.pointer)}${what.equals === undefined ? '' : ` equal to ${quote(what.equals)}`}`,
    all: () => what.map(part => tell(part, reply)).join(', and '),
    any: () => what.map(part => tell(part, reply)).join(', or '),
    not: () => `not: ${tell(what, reply)}`,
  };
  return telling[kind]();
}

// The first outcome that holds; null while none does. A page that is still being read, or is on its way out, says nothing yet:
// a later row may hold before the earlier row's element is there.
function race(outcomes, reply) {
  if (!reply && (document.readyState === 'loading' || isLeaving())) return null;
  const at = outcomes.findIndex(outcome => holds(outcome.when, reply));
  return at < 0 ? null : { is: outcomes[at].is, place: outcomes[at].place };
}

