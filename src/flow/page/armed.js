// --------------------------------------------------------------------------------------------------------------- armed
// A program that waits in the page, acts at its instant by itself, and goes on in the next document after a navigation.
//
// What it is told (steps, commit, outcomes) comes with the preload script; how far it is stands in sessionStorage under its id,
// so a document only ever *continues*: without a state it does nothing, and what is spent stays spent whatever reloads.

const keyOf = id => `__firstserve:${id}`;

function recall(id) {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(id)));
  } catch {
    return null;
  }
}

const keep = (id, state) => sessionStorage.setItem(keyOf(id), JSON.stringify(state));

// Programs that run in this very document.
const running = new Map();

// How often a waiting step is tried again.
const AGAIN_MS = 4;

// A navigation that has not come after this long (a download, "204 No Content") no longer holds up the steps.
const LEAVING_MS = 3000;

// Puts a program into this document. → { armed } or { refused }
function arm(program, scripts = [], words = {}) {
  if (window !== window.top) return { refused: 'a program is armed in the page itself, not in a frame' };
  const before = recall(program.id);
  if (before !== null) return { armed: before.phase === 'armed' };
  try {
    keep(program.id, { phase: 'armed', pc: 0, rounds: {}, steps: [], dialogs: [] });
  } catch (error) {
    return { refused: `the page has no session storage: ${error.message}` };
  }
  start(program, scripts, words);
  return { armed: true };
}

// Called by the preload script in every new document of the tab.
function resume(program, scripts = [], words = {}) {
  if (window === window.top && recall(program.id) !== null) start(program, scripts, words);
}

function disarm(id) {
  const state = recall(id);
  running.delete(id);
  if (isFree(state)) keep(id, { ...state, phase: 'disarmed' });
  return recall(id);
}

const isFree = state => state !== null && !isSpent(state) && !isOver(state);

const isSpent = state => 'fired-at-ms' in state;

const isOver = state => ['answered', 'failed', 'disarmed'].includes(state.phase);

function start(program, scripts, words) {
  if (running.has(program.id)) return;
  const code = compile(program.steps, [...scripts]);
  const run = { program, words, code, state: recall(program.id), since: null, parked: false, chain: null, clock: clockMark() };
  if (isOver(run.state)) return;
  running.set(program.id, run);
  redeclare(run);
  if (run.state.phase === 'armed') waitUntil(program['at-ms'], { ...warmUps(run), ...atInstant(run) });
  // A chain ends with the page that it ran in; the next one takes over.
  else if (run.state.phase === 'opening' && run.state.chain) byPage(run, null, fail('timeout', 'the page went away'));
  else advance(run);
  addEventListener('DOMContentLoaded', () => advance(run), { once: true });
}

const atInstant = run => ({
  isWanted: () => isMine(run) && run.state.phase === 'armed' && keepsTime(run),
  aim: () => aim(run),
  wake: aimed => wake(run, aimed),
});

// Before the instant nothing is lost by giving up; a later one would be early, or never.
function keepsTime(run) {
  return isSteady(run.clock) || giveUp(run, null, fail('early', UNSTEADY), null);
}

const isMine = run => running.get(run.program.id) === run;

// A document that comes back knows no longer how far the program is.
addEventListener('pageshow', event => {
  if (event.persisted) for (const run of running.values()) run.state = recall(run.program.id) ?? run.state;
});

function wake(run, aimed = null) {
  if (!keepsTime(run)) return;
  if (isLeaving(LEAVING_MS)) return again(run);
  Object.assign(run.state, { phase: 'opening', 'woke-at-ms': stamp() });
  if (isChained(run.program, run.code)) beginChain(run);
  // With nothing to do before the commit, the commit's own record is soon enough.
  if (run.code.length > 0) save(run);
  advance(run, aimed);
}

// What the commit would act on, looked at before the page is held: while it is held nothing in it can change, and at the
// instant there is nothing left but to act. Null: it is looked at when it counts.
function aim(run) {
  if (run.code.length > 0 || document.readyState === 'loading') return null;
  try {
    const found = ready(run.program.commit);
    if (found.state !== 'ready' || unkept(run.program.kept)) return null;
    noteBefore(run.program.outcomes);
    return found;
  } catch {
    return null;
  }
}

function save(run, more = {}) {
  Object.assign(run.state, more);
  keep(run.program.id, run.state);
}

function again(run) {
  clearTimeout(run.timer);
  run.timer = setTimeout(() => advance(run), AGAIN_MS);
}

// Does as much as can be done now; what must wait is tried again.
function advance(run, aimed = null) {
  if (!isMine(run) || isOver(run.state) || run.parked || run.chain?.asking) return;
  try {
    if (run.state.phase === 'armed') return void (isReached(run.program['at-ms']) ? wake(run) : undefined);
    if (isSpent(run.state)) return settle(run);
    if ((document.readyState === 'loading' && run.chain === null) || isLeaving(LEAVING_MS)) return again(run);
    while (run.state.pc < run.code.length) if (!perform(run, run.code[run.state.pc])) return;
    commit(run, aimed);
  } catch (error) {
    if (isSpent(run.state)) answered(run, { error: error.message });
    else giveUp(run, run.code[run.state.pc]?.step, fail(error.kind ?? 'script', error.message));
  }
}

// ---------------------------------------------------------------------------------------------------------------- steps
// `when` and `repeat` become jumps, so that one number says where a program stands, whatever it is nested in.

function compile(steps, scripts) {
  const code = [];
  const add = list => {
    for (const step of list) {
      const { when, repeat, script } = typeof step.verb === 'string' ? {} : step.verb;
      if (when) addWhen(step, when);
      else if (repeat) addRepeat(step, repeat);
      else code.push({ op: 'step', step, script: script ? scripts.shift() : undefined });
    }
  };
  const addWhen = (step, { condition, steps: body }) => {
    const skip = { op: 'unless', step, condition };
    code.push(skip);
    add(body);
    skip.to = code.length;
  };
  const addRepeat = (step, { until, at_most: most, steps: body }) => {
    const at = code.length;
    const loop = { op: 'loop', step, until, most };
    code.push(loop);
    add(body);
    code.push({ op: 'jump', step, to: at });
    loop.to = code.length;
  };
  add(steps);
  return code;
}

// True when the next line of code can follow at once.
function perform(run, line) {
  if (line.op === 'jump') return jump(run, line.to);
  if (line.op === 'unless') return jump(run, holds(line.condition, fetchedNow(run)) ? run.state.pc + 1 : line.to);
  if (line.op === 'loop') return round(run, line);
  return run.chain ? chainStep(run, line) : tryStep(run, line);
}

function jump(run, to) {
  move(run, { pc: to });
  return true;
}

// A chain is kept document by document, not step by step.
const move = (run, more) => (run.chain ? Object.assign(run.state, more) : save(run, more));

function round(run, line) {
  const { pc, rounds } = run.state;
  const before = rounds[pc] ?? 0;
  const over = holds(line.until, fetchedNow(run));
  if (!over && before >= line.most) {
    const problem = fail('expectation', `after ${before} rounds it does not hold that ${tell(line.until, fetchedNow(run))}`);
    return run.chain ? stuck(run, line.step, problem) : giveUp(run, line.step, problem);
  }
  move(run, { pc: over ? line.to : pc + 1, rounds: { ...rounds, [pc]: over ? 0 : before + 1 } });
  return true;
}

function tryStep(run, line) {
  const { step } = line;
  const next = run.state.pc + 1;
  if (run.since === null) begin(run, step);
  // A step that may unload the page counts as done before it is: the next document goes on behind it.
  const result = doStep(run, line, () => save(run, { pc: next }));
  if (result.state !== 'done') return keepTrying(run, step, result);
  note(run, step, result, next);
  return result.leaves ? yieldTo(run, result.leaves) : true;
}

const verbOf = step => (typeof step.verb === 'string' ? step.verb : Object.keys(step.verb)[0]);

// A declared answer stands until the next step that may itself open a dialog.
function begin(run, step) {
  run.since = performance.now();
  if (step.dialog !== undefined) declare(run, step.dialog);
  else if (/^(click|submit|go|reload|check|uncheck|script)$/.test(verbOf(step))) undeclare(run);
}

function doStep(run, { step, script }, passes) {
  if (script) {
    passes();
    return done({ value: asText(script.call(null, run.words)), leaves: 'perhaps' });
  }
  return pauseOf(run, step) ?? act(step, { passes, ticket: `${run.program.id}/${run.state.pc}/${run.state.steps.length}`, reply: run.reply });
}

// Null for every other step.
function pauseOf(run, step) {
  const pause = typeof step.verb === 'object' && step.verb.pause;
  if (!pause) return null;
  return performance.now() - run.since >= pause.ms ? done() : wait('timeout', 'it pauses');
}

function note(run, step, result, next) {
  save(run, noted(run, step, result, next));
  run.since = null;
}

// What is kept of a step that was done.
function noted(run, step, result, next) {
  if (result.reply) run.reply = result.reply;
  const ran = { place: step.place, hit: result.hit, 'took-ms': performance.now() - run.since };
  return { pc: next, steps: [...run.state.steps, ran].slice(-200) };
}

// Still waiting, skipped, or given up.
function keepTrying(run, step, result) {
  const late = performance.now() - run.since > step['timeout-ms'];
  if (result.state === 'wait' && !late) {
    again(run);
    return false;
  }
  if (step.optional && isAbsent(result)) {
    run.since = null;
    return jump(run, run.state.pc + 1);
  }
  return giveUp(run, step, result);
}

const isAbsent = result => result.kind === 'not-found' || result.kind === 'not-visible';

// Lets a navigation begin, so that the next step is not done in a page that is going away. Browsers submit forms and follow
// links in a task of their own, hence the second task; what surely loads a page is waited for as long as that may take.
function yieldTo(run, leaves) {
  run.parked = true;
  const next = () => { run.parked = false; advance(run); };
  if (leaves === 'surely') setTimeout(next, LEAVING_MS);
  else setTimeout(() => setTimeout(next, 0), 0);
  return false;
}

// Nothing was submitted; `said` is what the site says about it.
function giveUp(run, step, { kind, reason }, said = refusal(run)) {
  // Another document of this tab may have gone on meanwhile.
  if (!isFree(recall(run.program.id))) return false;
  const { place } = step ?? run.program.commit;
  const answer = said ? { is: said.is, place: said.place } : undefined;
  save(run, { phase: 'failed', answer, failure: { place, verb: step ? verbOf(step) : 'commit', kind, reason } });
  restoreDialogs();
  return false;
}

function refusal(run) {
  try {
    const said = siteSays(run);
    return REFUSALS.has(said?.is) ? said : null;
  } catch {
    return null;
  }
}

// --------------------------------------------------------------------------------------------------------------- commit

function commit(run, aimed) {
  const { commit: what, 'answer-ms': patience } = run.program;
  if (run.since === null) run.since = performance.now();
  const found = aimed ?? (run.chain ? readyFetched(what, chainNow(run)) : ready(what));
  if (found.state !== 'ready') {
    if (run.chain) return void stuck(run, null, found);
    const late = found.state === 'fail' || performance.now() - run.since > patience;
    return void (late ? giveUp(run, null, found) : again(run));
  }
  if (!isReached(run.program['at-ms'])) return again(run);
  // Asked of the storage itself: another document of this tab may have been faster.
  if (!isFree(recall(run.program.id))) return;
  // The opening steps may have loaded another page on purpose.
  const why = aimed || run.code.length > 0 ? null : unkept(run.program.kept);
  if (why) return void giveUp(run, null, fail('changed', why), null);
  if (!aimed && !run.chain) noteBefore(run.program.outcomes);
  if (what.dialog !== undefined) declare(run, what.dialog);
  else undeclare(run);
  const behind = what.request !== undefined || what.send !== 'form';
  save(run, { phase: 'committed', 'fired-at-ms': stamp(), hit: found.hit, behind, chain: undefined });
  run.since = null;
  run.sent = run.chain ? sendFetched(run, what, found) : send(what, found);
  save(run, { 'sent-at-ms': stamp() });
  yieldTo(run, 'perhaps');
}

function sendFetched(run, { send: way }, { request }) {
  if (way !== 'form') return sendBehind(() => sendPrepared(request, run.chain.page.url));
  run.left = true;
  submitAsForm(request);
  return null;
}

// After the commit: races the outcomes, in this document or in the one that the form led to.
function settle(run) {
  if (run.state.behind && !run.sent) return answered(run, { error: 'the page went away before its request was answered' });
  // A page that sent a form of a chain never showed that form, so nothing in it is an answer.
  const raced = run.left ? wait('timeout', 'the next page is not here yet') : raceCommit(run.program.outcomes, run.sent ?? null);
  if (raced.state === 'done') return answered(run, raced);
  const late = stamp() - run.state['fired-at-ms'] > run.program['answer-ms'];
  return late ? answered(run, { error: 'none of the outcomes held in time' }) : again(run);
}

function answered(run, { answer, reply, error, 'answered-at-ms': at }) {
  const is = answer?.is ?? 'unknown';
  const kept = reply && { ...reply, text: reply.text.slice(0, LONGEST_KEPT) };
  save(run, { phase: 'answered', 'answered-at-ms': at ?? stamp(), answer: { is, place: answer?.place }, reply: kept, error });
  restoreDialogs();
  if (error) stopLoading();
}

// Session storage holds a few million characters in all.
const LONGEST_KEPT = 200000;

// -------------------------------------------------------------------------------------------------------------- dialogs

function declare(run, dialog) {
  save(run, { dialog });
  redeclare(run);
}

function undeclare(run) {
  if (run.state.dialog === undefined) return;
  save(run, { dialog: undefined });
  restoreDialogs();
}

function redeclare(run) {
  if (run.state.dialog === undefined) return;
  answerDialogs(run.state.dialog, text => save(run, { dialogs: [...run.state.dialogs, text].slice(-20) }));
}

