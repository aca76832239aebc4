// -------------------------------------------------------------------------------------------------------------- commit
// The one irreversible step: looked at as often as wanted, done once.

// Whether the commit could be done now → { state: "ready", element, hit } or wait or fail. Sends nothing.
function ready(commit, how = {}) {
  // Real hands press a button of the page: an older request is no answer to that.
  if (how.real) sent = null;
  if (commit.request) return { state: 'ready', element: null, hit: null };
  return onTarget(commit.click, how, element => {
    const button = element.closest('button, input') ?? element;
    const form = isSubmitter(button) ? formOf(button) : null;
    const invalid = form && invalidControl(form, button);
    if (invalid) return wait('rejected', invalid);
    if (commit.send === 'form') return { state: 'ready', element };
    const request = prepared(commit);
    if (request.state !== 'done') return request;
    if (request.unsupported) return fail('unsupported', request.unsupported);
    return how.real ? { state: 'ready', element } : { state: 'ready', element, request };
  });
}

// Does what `ready` found, with the request as it was then. A form goes the way a person's click goes: handlers, validation, the
// button's own name and value.
// → null, or for a request its entry: {} and later { reply | error, answered }
function send(commit, { element, request }) {
  if (commit.request) return sendBehind(() => sendRequest(commit.request));
  if (commit.send !== 'form') return sendBehind(() => sendPrepared(request));
  pressed();
  element.click();
  return null;
}

function sendBehind(starts) {
  const entry = {};
  const settle = more => Object.assign(entry, more, { answered: stamp() });
  starts().then(reply => settle({ reply }), error => settle({ error: String(error.message ?? error) }));
  return entry;
}

// The request of the last commit that was fired by script in this document.
let sent = null;

const UNSTEADY = 'the page sets its own clock, so it cannot wait for the instant';

// How long a commit that came in time's last moment is held back in the page; earlier ones are refused.
const HOLD_MS = 60;

// The commit at once (fire mode `script`): held until `at`, never before it, and not done where the page no longer holds
// what was `kept`. What holds of `outcomes` until then is no answer.
function fire(commit, outcomes, kept, at) {
  if (at - wallClock() > HOLD_MS) return fail('early', `the instant is still ${Math.round(at - wallClock())} ms away`);
  const since = clockMark();
  const found = ready(commit);
  if (found.state !== 'ready') return found;
  const why = unkept(kept);
  if (why) return fail('changed', why);
  noteBefore(outcomes);
  // The first stamp of a document waits for edges of the clock, which takes milliseconds.
  stamp();
  hold(at);
  if (!isSteady(since)) return fail('early', UNSTEADY);
  if (commit.dialog !== undefined) answerDialogs(commit.dialog, null);
  const fired = stamp();
  sent = send(commit, found);
  return done({ hit: found.hit, 'fired-at-ms': fired, 'sent-at-ms': stamp() });
}

// The race after a commit: on the answer where it was sent as a request, else on the page.
// → done { answer | null where none of the outcomes holds of an answer, reply } or wait
function raceCommit(outcomes, entry = sent) {
  if (heldBack !== null) return done({ answer: null, error: heldBack });
  if (entry === null) {
    const answer = raceFresh(outcomes);
    return answer ? done({ answer }) : wait('timeout', 'no outcome holds yet');
  }
  const { error, reply, answered } = entry;
  if (!error && !reply) return wait('timeout', 'the request has not been answered yet');
  return done({ answer: error ? null : race(outcomes, reply), reply, error, 'answered-at-ms': answered });
}

// Gives up a page that does not come: a driver may hold back every command while it is on its way.
function stopLoading() {
  if (isLeaving()) window.stop();
  return null;
}

// -------------------------------------------------------------------------------------------------------------- dialogs

// Answers native dialogs by script, where a flow declared how; `told` hears their texts.
function answerDialogs(answer, told) {
  if (nativeDialogs === null) nativeDialogs = { alert: window.alert, confirm: window.confirm, prompt: window.prompt };
  const accepts = answer !== 'dismiss';
  const text = accepts ? answer.accept : null;
  const hear = words => { told?.(String(words ?? '')); };
  window.alert = words => { hear(words); };
  window.confirm = words => (hear(words), accepts);
  window.prompt = (words, preset) => (hear(words), accepts ? text ?? preset ?? '' : null);
}

let nativeDialogs = null;

// Dialogs are the browser's again: an undeclared one must be seen.
function restoreDialogs() {
  if (nativeDialogs !== null) Object.assign(window, nativeDialogs);
  nativeDialogs = null;
}

