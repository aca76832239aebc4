// ------------------------------------------------------------------------------------------------------------ chaining
// How an armed program goes along a chain: step by step on the chain's document, again where it was too early, and on by page
// where a chain cannot go. All of this is before the commit.
//
// How far it is stands in the state as `chain`: { url, again, pc, rounds, sending } of the last document that was loaded, so that
// a page can take over there. No `chain`: the steps are done by page.

// A document that came too early is asked for again after these pauses.
const TOO_EARLY_MS = [100, 200, 400, 800];

// A step that waits asks after these pauses; the last one again and again.
const WAITING_MS = [100, 200, 400, 800, 1600];
const MOST_WAITING = 10;

// How long a document is waited for where no step says it, and a page that takes over.
const DOCUMENT_MS = 10000;

// Words of the outcomes that end a program before its commit.
const REFUSALS = new Set(['not-open', 'taken', 'quota', 'login-refused', 'login-expired', 'captcha', 'price']);

const isChained = (program, code) => program.opening === 'fetch' && code.length > 0;

function beginChain(run) {
  run.chain = { page: startOfChain(), asking: false, touched: false, early: 0, waited: 0 };
  run.state.chain = { url: null, again: true, pc: 0, rounds: {}, sending: false };
}

// What the steps of a chain are tried on.
function chainNow(run) {
  const { chain, state } = run;
  const ticket = `${run.program.id}/${state.pc}/${state.steps.length}`;
  return { page: chain.page, ticket, touch: () => { chain.touched = true; }, isTouched: () => chain.touched };
}

// The document that conditions are asked of; undefined: the live page.
const fetchedNow = run => run.chain?.page;

// True when the next line of code can follow at once.
function chainStep(run, { step }) {
  if (run.chain.asking) return false;
  if (run.since === null) run.since = performance.now();
  if (isSending(step)) nowSending(run);
  const result = pauseOf(run, step) ?? actFetched(step, chainNow(run));
  if (result.state === 'done') return chainDone(run, step, result);
  if (result.state === 'load') return askFor(run, step, result.request, {});
  if (result.state === 'ask-again') return askAgain(run, step, result);
  if (result.state === 'wait' && performance.now() - run.since <= step['timeout-ms']) return void again(run);
  if (step.optional && isAbsent(result)) return chainDone(run, step, null);
  return stuck(run, step, result);
}

function chainDone(run, step, result) {
  run.chain.waited = 0;
  const next = run.state.pc + 1;
  Object.assign(run.state, result ? noted(run, step, result, next) : { pc: next });
  if (isSending(step)) passRequest(run, next);
  run.since = null;
  return true;
}

// A request step that changes something at the site is done once: nothing goes back behind it.
const isSending = step => verbOf(step) === 'request' && step.verb.request.method.toUpperCase() !== 'GET';

// What was filled in before it would be lost to a page that begins behind it.
function passRequest(run, next) {
  if (!run.chain.touched) save(run, { chain: { ...run.state.chain, pc: next, rounds: run.state.rounds, sending: false } });
}

// ------------------------------------------------------------------------------------------------------------ documents

// Asks for a document; the program goes on at `to` when it is there.
function askFor(run, step, request, { pause = 0, to = run.state.pc + 1, rounds = run.state.rounds }) {
  run.chain.asking = true;
  if (request.method !== 'GET') nowSending(run);
  const send = () => fetchPage(request, run.chain.page, step?.['timeout-ms'] ?? DOCUMENT_MS);
  const page = pause > 0 ? new Promise(resolve => { setTimeout(resolve, pause); }).then(send) : send();
  page.then(there => arrived(run, step, there, to, rounds), error => lost(run, step, request, error));
  return false;
}

const nowSending = run => run.state.chain.sending || save(run, { chain: { ...run.state.chain, sending: true } });

function arrived(run, step, page, to, rounds) {
  if (!isMine(run) || isOver(run.state) || run.chain === null) return;
  Object.assign(run.chain, { page, asking: false, touched: false });
  // Else a step that waits goes on waiting, or what was too early is tried again.
  if (to > run.state.pc) chainDone(run, step, done());
  Object.assign(run.state, { rounds, chain: { url: page.url, again: page.again, pc: to, rounds, sending: false } });
  advance(run);
  // What was asked for meanwhile is on its way already.
  if (isMine(run) && !isSpent(run.state)) save(run);
}

function lost(run, step, request, error) {
  if (!isMine(run) || isOver(run.state) || run.chain === null) return;
  // A page that goes away takes its requests with it; the next one takes over.
  if (isLeaving(LEAVING_MS)) return void setTimeout(() => lost(run, step, request, error), AGAIN_MS);
  run.chain.asking = false;
  byPage(run, step, fail('unreachable', `${request.method} ${request.url} failed: ${error.message ?? error}`));
}

function askAgain(run, step, { kind, reason }) {
  const { chain } = run;
  const pause = WAITING_MS[Math.min(chain.waited, WAITING_MS.length - 1)];
  const late = performance.now() - run.since + pause > step['timeout-ms'];
  if (late || chain.waited >= MOST_WAITING) return stuck(run, step, fail(kind, reason));
  chain.waited += 1;
  return askFor(run, step, get(chain.page.url), { pause, to: run.state.pc });
}

// -------------------------------------------------------------------------------------------------------------- trouble

// A step, or the commit (no step), cannot be done in the document: what does the site say of it?
function stuck(run, step, problem) {
  const said = siteSays(run);
  const canAsk = run.chain.page.again && !run.state.chain.sending && run.chain.early < TOO_EARLY_MS.length;
  if (said?.is === 'not-open' && canAsk) return askEarlier(run, step);
  if (REFUSALS.has(said?.is)) return giveUp(run, step, problem, said);
  return byPage(run, step, problem);
}

// The outcome that holds of the page, or of the chain's document.
function siteSays(run) {
  const page = fetchedNow(run);
  return page && page.text === undefined ? null : race(run.program.outcomes, page);
}

// By the address that was asked for at first: a page that is too early may send elsewhere.
function askEarlier(run, step) {
  const { page } = run.chain;
  const { pc: to, rounds } = run.state.chain;
  const pause = TOO_EARLY_MS[run.chain.early];
  Object.assign(run.chain, { early: run.chain.early + 1, waited: 0 });
  run.since = null;
  run.state.pc = to;
  return askFor(run, step, page.from?.method === 'GET' ? page.from : get(page.url), { pause, to, rounds });
}

// The browser opens the last document by its address, and the steps since it was loaded are done there. What was sent before is
// not sent again: where that cannot be kept, the program ends.
function byPage(run, step, problem) {
  const { url, again: canBeOpened, pc, rounds, sending } = run.state.chain;
  if (sending || !canBeOpened) return giveUp(run, step, problem, null);
  Object.assign(run, { chain: null, since: null });
  const { place } = step ?? run.program.commit;
  save(run, { chain: undefined, pc, rounds, left: { place, verb: step ? verbOf(step) : 'commit', kind: problem.kind, reason: problem.reason } });
  // Nothing was loaded yet: the page that is there will do.
  if (url === null) return void again(run);
  run.parked = true;
  setTimeout(() => giveUp(run, step, fail('unreachable', `${url} did not come`), null), DOCUMENT_MS);
  location.assign(url);
  return false;
}

