'use strict';
// The dashboard. Texts only ever go into text nodes; nothing is asked of another host.
const $ = id => document.getElementById(id);
const made = (tag, text, name) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (name) e.className = name; return e; };
const number = (value, decimals = 2) => value === null || value === undefined ? 'unknown' : value === 'inf' ? 'beyond any bound'
  : typeof value !== 'number' ? String(value) : value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
const united = (value, unit, decimals = 2) => value === null || value === undefined ? 'unknown' : `${number(value, decimals)} ${unit}`.trim();
const when = at => new Date(at).toLocaleString();
const SEVERITIES = ['OK', 'WARN', 'UNKNOWN', 'BREACH'];
const LOSSES = ['period_loss', 'max_drawdown'];
let guards = [], key = null, receivedAt = 0, charts = [], before = null, heardAt = 0;

const chosen = () => guards.find(one => one.key === key) || null;
const of = path => key ? `${path}${path.includes('?') ? '&' : '?'}account=${encodeURIComponent(key)}` : path;

async function ask(path, body) {
  const options = body === undefined ? {} : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(path, options);
  if (answer.status === 401) { location.reload(); throw new Error('The token is needed again.'); }
  const text = await answer.text();
  const found = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(found.error || `Refused (${answer.status}).`);
  return found;
}

function replace(list, items) { $(list).replaceChildren(...items); }

// ---------------------------------------------------------------------------------------------------------- the account
function show() {
  const guard = chosen();
  document.querySelector('.pick').hidden = guards.length < 2;
  const names = guards.map(one => one.key).join('|');
  if ($('account').dataset.names !== names) {
    $('account').dataset.names = names;
    replace('account', guards.map(one => { const o = made('option', one.key); o.value = one.key; o.selected = one.key === key; return o; }));
  }
  if (!guard) {
    $('state').textContent = 'No guard is running. Start one with: guard run'; $('state').className = 'state UNKNOWN';
    document.querySelectorAll('[data-verb],#do-ack').forEach(one => { one.disabled = true; });
    return;
  }
  const currency = guard.account.currency || '', figures = guard.figures || {};
  const severity = guard.blind !== null ? 'UNKNOWN' : guard.severity || 'UNKNOWN';
  document.title = `${severity} ${guard.account.login}: MT5 Guard`;
  $('state').className = `state ${severity}`;
  $('state').textContent = `${guard.account.login} at ${guard.account.server}: ${severity}, ${guard.trading_state || 'state unknown'}, mode ${guard.mode}`;
  showWarnings(guard);
  showGauge(guard, currency);
  showTiles(guard, figures, currency);
  showLimits(guard);
  showLocks(guard);
  showPositions(guard, currency);
  showIntents(guard);
  showObjectives(guard);
  document.querySelectorAll('[data-verb]').forEach(one => {
    one.disabled = !guard.commands.includes(one.dataset.verb);
    one.title = one.disabled ? `this guard, in mode ${guard.mode}, does not take it` : '';
  });
  $('do-ack').disabled = !guard.commands.includes('ack');
  document.querySelectorAll('.cur').forEach(one => { one.textContent = currency ? `, ${currency}` : ''; });
}

function showWarnings(guard) {
  const lines = (guard.warnings || []).map(text => [text, 'WARN']);
  if (guard.blind !== null) lines.unshift([`BLIND: ${guard.blind}`, 'BREACH']);
  if (guard.pulse && guard.pulse.late) lines.unshift([`The guard has not looked for ${number(guard.pulse.age_s, 0)} s.`, 'BREACH']);
  if (!guard.journal.writable) lines.unshift(['The journal cannot be written: the guard watches from memory.', 'BREACH']);
  if (guard.messages && guard.messages.failing.length) lines.push([`Messages fail: ${guard.messages.failing.map(one => one.channel).join(', ')}`, 'BREACH']);
  const text = JSON.stringify(lines);
  if ($('warnings').dataset.text === text) return;
  $('warnings').dataset.text = text;
  replace('warnings', lines.map(([line, severity]) => made('li', line, severity)));
}

function binding(guard) {
  const known = guard.verdicts.filter(one => LOSSES.includes(one.kind) && one.utilization_pct !== null);
  const size = one => one.utilization_pct === 'inf' ? Infinity : one.utilization_pct;
  const daily = known.filter(one => one.kind === 'period_loss');
  const worst = (list) => list.reduce((most, one) => most === null || size(one) > size(most) ? one : most, null);
  const all = worst(known), day = worst(daily);
  return day === null ? all : size(all) >= 100 && size(day) < 100 ? all : day;
}

function showGauge(guard, currency) {
  const verdict = binding(guard);
  $('gauge-box').hidden = verdict === null;
  if (verdict === null) return;
  const used = verdict.utilization_pct === 'inf' ? 100 : verdict.utilization_pct;
  const left = Math.max(0, Math.min(100, 100 - used));
  const unit = verdict.unit === 'account currency' ? currency : verdict.unit;
  const known = typeof verdict.value === 'number' && typeof verdict.threshold === 'number';
  const room = known ? Math.max(0, verdict.threshold - Math.max(0, verdict.value)) : null;
  const floor = /the floor is (-?[\d,]+\.\d+)/.exec(verdict.sentence);
  $('gauge-fill').style.width = `${left}%`;
  $('gauge-fill').className = verdict.severity;
  $('gauge').className = `gauge ${verdict.severity}`;
  $('gauge-title').textContent = verdict.kind === 'period_loss' ? "Room of today's loss" : 'Room of the drawdown';
  $('gauge-room').textContent = known ? `${united(room, unit)} left (${number(left, 1)} %)` : 'unknown';
  $('gauge-more').textContent = `lost ${united(verdict.value, unit)} of ${united(verdict.threshold, unit)}${floor ? `; floor ${floor[1]} ${unit}` : ''} (${verdict.limit})`;
  $('gauge').setAttribute('aria-valuenow', left.toFixed(1));
  $('gauge').setAttribute('aria-valuetext', `${$('gauge-room').textContent}, ${$('gauge-more').textContent}`);
}

function showTiles(guard, figures, currency) {
  const level = figures.margin_level_pct === null && figures.used_margin === 0 ? 'no margin in use' : united(figures.margin_level_pct, '%', 1);
  const stopOut = typeof figures.loss_to_stop_out === 'number' && typeof figures.equity === 'number' && figures.equity > 0
    ? `${united(figures.loss_to_stop_out, currency)} (${number(figures.loss_to_stop_out / figures.equity * 100, 1)} % of equity)` : united(figures.loss_to_stop_out, currency);
  const rows = [
    ['Equity', united(figures.equity, currency)], ['Balance', united(figures.balance, currency)], ['Floating', united(figures.floating, currency)],
    ['Effective leverage', united(figures.effective_leverage, '× equity')], ['Margin level', level], ['Until stop-out', stopOut],
    ['Until margin call', united(figures.loss_to_margin_call, currency)], ['Open risk', united(figures.open_risk_pct, '% of equity')],
    ['Positions', figures.positions === null || figures.positions === undefined ? 'unknown' : `${figures.positions} open`],
    ['Last look', guard.pulse ? `${number(guard.age_s, 1)} s ago, ${number(guard.looks_per_s, 1)} a second` : `${number(guard.age_s, 0)} s ago`],
  ];
  replace('tiles', rows.map(([name, value]) => { const box = made('div'); box.append(made('dt', name), made('dd', value)); return box; }));
}

function showLimits(guard) {
  const rows = [...guard.verdicts].sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
  replace('limits', rows.map(one => {
    const item = made('li'), head = made('div', undefined, 'head'), bar = made('div', undefined, 'bar'), fill = made('div', undefined, one.severity);
    const used = one.utilization_pct, width = used === null ? 0 : used === 'inf' ? 100 : Math.max(0, Math.min(100, used));
    head.append(made('span', one.limit), made('span', `${one.severity} ${used === null ? 'unknown' : used === 'inf' ? 'beyond' : `${number(used, 0)} %`}`, one.severity));
    fill.style.width = `${width}%`;
    bar.setAttribute('role', 'meter'); bar.setAttribute('aria-label', `${one.limit}, used`);
    bar.setAttribute('aria-valuemin', '0'); bar.setAttribute('aria-valuemax', '100'); bar.setAttribute('aria-valuenow', width.toFixed(0));
    bar.append(fill);
    item.append(head, bar, made('p', one.sentence));
    return item;
  }));
  const names = guard.verdicts.map(one => one.limit).join('|'), picker = document.querySelector('#tighten-dialog select');
  if (picker.dataset.names !== names) {
    picker.dataset.names = names;
    picker.replaceChildren(...guard.verdicts.map(one => made('option', one.limit)));
  }
  const symbols = [...new Set((guard.positions || []).map(one => one.symbol))].join('|');
  if ($('symbols').dataset.names !== symbols) {
    $('symbols').dataset.names = symbols;
    replace('symbols', symbols.split('|').filter(Boolean).map(one => { const o = made('option'); o.value = one; return o; }));
  }
}

function left(lock) {
  if (lock.remaining_s === null) return lock.latched ? 'until you lift it' : 'until its limit is clear again';
  const s = Math.max(0, Math.ceil(lock.remaining_s - (performance.now() - receivedAt) / 1000));
  const two = n => String(n).padStart(2, '0'), days = Math.floor(s / 86400);
  return `${days ? `${days} d ` : ''}${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)} left`;
}

function showLocks(guard) {
  const items = guard.locks.map(lock => {
    const item = made('li'), count = made('span', left(lock), 'count');
    count.dataset.lock = lock.id;
    item.append(count, made('span', `${lock.reason}${lock.until ? ` (until ${when(lock.until)})` : ''}${lock.limit ? `, set by ${lock.limit}` : ', set by you'}`));
    return item;
  });
  replace('locks', items.length ? items : [made('li', 'None: new positions are not restricted by the guard.')]);
}

function tick() {
  const guard = chosen();
  if (guard) for (const lock of guard.locks) {
    const found = [...document.querySelectorAll('[data-lock]')].find(one => one.dataset.lock === lock.id);
    if (found) found.textContent = left(lock);
  }
  const silent_s = (performance.now() - heardAt) / 1000;
  if (heardAt && silent_s > 6) { $('link').textContent = `no word for ${number(silent_s, 0)} s`; $('link').className = 'chip BREACH'; }
}

function showPositions(guard, currency) {
  const rows = guard.positions || [];
  replace('positions', rows.map(one => {
    const row = made('tr');
    const cell = (text, name) => row.append(made('td', text, name));
    const price = value => value === null || value === undefined ? 'unknown' : String(value);
    cell(String(one.ticket)); cell(one.symbol); cell(one.side || 'unknown'); cell(number(one.volume_lots), 'num');
    cell(price(one.price_open), 'num'); cell(price(one.price_current), 'num'); cell(one.sl === 0 ? 'none' : price(one.sl), 'num');
    cell(number(one.profit), 'num');
    cell(one.unprotected ? 'no stop' : number(one.loss_at_stop), one.unprotected ? 'num BREACH' : 'num');
    cell(number(one.risk_per_trade_pct), 'num');
    return row;
  }));
  $('positions-said').textContent = guard.positions === null ? 'The positions are not known now.' : rows.length ? `${rows.length} open; risk at stop is counted from the opening price, in ${currency}.` : 'No open positions.';
  $('flatten-count').textContent = guard.positions === null ? 'what matches' : `what matches of ${rows.length} open positions`;
}

function showIntents(guard) {
  const items = guard.intents.map(one => {
    const item = made('li');
    item.append(made('strong', `${one.limit}: ${one.action}, ${one.status}. `), made('span', `${one.why || ''} Since ${when(one.since)}; at ${number(one.stage_pct, 0)} %.${one.tickets.length ? ` Tickets ${one.tickets.join(', ')}.` : ''}`));
    return item;
  });
  replace('intents', items.length ? items : [made('li', guard.mode === 'warn' ? 'None: in mode warn the guard watches and tells, it sends nothing.' : 'None under way. Proved and refused ones are in the journal, kind intent.')]);
}

function showObjectives(guard) {
  const rows = guard.objectives || [];
  $('objectives-box').hidden = rows.length === 0;
  replace('objectives', rows.map(one => {
    const item = made('li');
    item.append(made('strong', `${one.limit}${one.stage ? ` (${one.stage})` : ''}: `), made('span', one.sentence, one.severity));
    return item;
  }));
}

// ---------------------------------------------------------------------------------------------------------- history
async function drawHistory() {
  if (!chosen()) return;
  let found;
  try { found = await ask(of(`/v1/history?hours=${$('span').value}`)); } catch (error) { $('equity-said').textContent = error.message; return; }
  const css = getComputedStyle(document.documentElement), colour = name => css.getPropertyValue(name).trim();
  const numeric = list => list.map(one => typeof one === 'number' ? one : null);
  charts.forEach(one => one.destroy());
  charts = [];
  const draw = (where, series, data) => {
    const box = $(where), axis = { stroke: colour('--soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line') } };
    charts.push(new uPlot({
      width: Math.max(240, box.clientWidth), height: 180, cursor: { drag: { x: false, y: false } }, legend: { live: false },
      series: [{}, ...series], axes: [axis, { ...axis, size: 70, values: (_, ticks) => ticks.map(one => one.toLocaleString('en')) }],
    }, data, box));
  };
  draw('equity-chart', [
    { label: `equity, ${found.currency || ''}`, stroke: colour('--accent'), width: 2 },
    { label: `balance, ${found.currency || ''}`, stroke: colour('--soft'), width: 1, dash: [5, 4] },
  ], [found.t, numeric(found.equity), numeric(found.balance)]);
  draw('leverage-chart', [{ label: 'effective leverage, × equity', stroke: colour('--warn'), width: 2 }], [found.t, numeric(found.effective_leverage)]);
  const known = numeric(found.equity).filter(one => one !== null), levers = numeric(found.effective_leverage).filter(one => one !== null);
  $('equity-said').textContent = known.length ? `${known.length} samples; lowest ${united(Math.min(...known), found.currency || '')}, highest ${united(Math.max(...known), found.currency || '')}, last ${united(known[known.length - 1], found.currency || '')}.` : 'Nothing recorded in this span yet.';
  $('leverage-said').textContent = levers.length ? `Highest ${united(Math.max(...levers), '× equity')}, last ${united(levers[levers.length - 1], '× equity')}.` : 'Nothing recorded in this span yet.';
}

// ---------------------------------------------------------------------------------------------------------- journal
async function showJournal(older) {
  const given = new URLSearchParams();
  for (const [name, value] of new FormData($('journal-form'))) if (value) given.set(name, value);
  if (older && before) given.set('before', before);
  try {
    const found = await ask(of(`/v1/journal?${given}`));
    const rows = found.rows.map(one => {
      const row = made('tr');
      row.append(made('td', String(one.seq)), made('td', when(one.at), 'when'), made('td', one.kind), made('td', one.text, one.severity || ''));
      const proof = made('td');
      if (one.snapshot !== null) {
        const link = made('a', `${one.snapshot}`);
        link.href = of(`/v1/journal/${one.snapshot}/snapshot`); link.target = '_blank'; link.rel = 'noopener';
        link.setAttribute('aria-label', `the account as seen, row ${one.snapshot}`);
        proof.append(link);
      }
      row.append(proof);
      return row;
    });
    if (older) $('journal').append(...rows); else replace('journal', rows);
    before = found.before; $('older').hidden = before === null;
    $('journal-said').textContent = rows.length ? '' : 'Nothing matches.';
  } catch (error) { $('journal-said').textContent = error.message; }
}

// ---------------------------------------------------------------------------------------------------------- orders
async function order(verb, body) {
  const said = $('said');
  said.textContent = `${verb}: asking…`;
  try {
    const { uid } = await ask(of(`/v1/${verb}`), body);
    for (let n = 0; n < 60; n += 1) {
      await new Promise(done => setTimeout(done, 250));
      const found = await ask(of(`/v1/commands/${encodeURIComponent(uid)}`));
      if (!found.pending) { said.textContent = `${found.done ? 'Done' : 'Not done'}: ${found.answer}`; showJournal(false); return; }
    }
    said.textContent = `${verb}: the guard has not answered; its journal will say what became of it.`;
  } catch (error) { said.textContent = `${verb}: ${error.message}`; }
}

const decimal = text => Number(text.trim().replace(',', '.'));
const BODIES = {
  lock: form => ({ for_s: Number(form.for_s.value), ...(form.reason.value.trim() ? { reason: form.reason.value.trim() } : {}) }),
  tighten: form => ({ limit: form.limit.value, value: decimal(form.value.value), ...(form.reason.value.trim() ? { reason: form.reason.value.trim() } : {}) }),
  flatten: form => ({
    ...(form.symbol.value.trim() ? { symbol: form.symbol.value.trim() } : {}), ...(form.side.value ? { side: form.side.value } : {}),
    ...(form.which.value ? { [form.which.value]: true } : {}), ...(form.magic.value.trim() ? { magic: Number(form.magic.value) } : {}),
    ...(form.pct.value.trim() ? { pct: decimal(form.pct.value) } : {}),
  }),
};

function orders() {
  document.querySelectorAll('[data-opens]').forEach(button => {
    const dialog = $(button.dataset.opens), form = dialog.querySelector('form');
    button.addEventListener('click', () => { form.reset(); dialog.returnValue = ''; dialog.showModal(); });
    dialog.addEventListener('close', () => { if (dialog.returnValue === 'go') order(button.dataset.verb, BODIES[button.dataset.verb](form)); });
  });
  $('do-ack').addEventListener('click', () => order('ack', {}));
  const named = document.querySelector('#tighten-dialog select');
  named.addEventListener('change', () => {
    const verdict = (chosen() || { verdicts: [] }).verdicts.find(one => one.limit === named.value);
    $('tighten-unit').textContent = verdict ? `New threshold, ${verdict.unit} (now ${number(verdict.threshold)})` : 'New threshold';
  });
}

// ---------------------------------------------------------------------------------------------------------- tools
function table(heads, rows) {
  const box = made('div', undefined, 'scroll'), found = made('table'), head = made('tr'), body = made('tbody'), top = made('thead');
  box.tabIndex = 0; box.setAttribute('role', 'region'); box.setAttribute('aria-label', 'result');
  heads.forEach(one => { const th = made('th', one); th.scope = 'col'; head.append(th); });
  rows.forEach(cells => { const row = made('tr'); cells.forEach(one => row.append(made('td', one))); body.append(row); });
  top.append(head); found.append(top, body); box.append(found);
  return box;
}

async function tryTrade(event) {
  event.preventDefault();
  const form = $('whatif'), given = new URLSearchParams({ symbol: form.symbol.value.trim(), side: form.side.value, lots: decimal(form.lots.value) });
  if (form.stop.value.trim()) given.set('stop', decimal(form.stop.value));
  $('whatif-said').textContent = 'Trying…';
  try {
    const found = await ask(of(`/v1/whatif?${given}`));
    const pct = value => value === null ? 'unknown' : value === 'inf' ? 'beyond' : `${number(value, 0)} %`;
    const line = made('p', found.binds === null ? 'No limit would be broken.' : `${found.binds} would be broken, or cannot be known.`, found.binds === null ? 'OK' : 'BREACH');
    const figures = made('p', `Effective leverage ${united(found.effective_leverage, '×')} → ${united(found.effective_leverage_after, '×')}; margin level ${united(found.margin_level_pct, '%', 0)} → ${united(found.margin_level_after_pct, '%', 0)}.`);
    $('whatif-said').replaceChildren(line, figures, table(['Limit', 'Used now', 'Used after'], found.limits.map(one => [one.limit, pct(one.utilization_pct), pct(one.utilization_after_pct)])));
  } catch (error) { $('whatif-said').replaceChildren(made('p', error.message, 'UNKNOWN')); }
}

let calculators = {};
function calcInputs() {
  const entry = calculators[$('calc-name').value];
  if (entry) replace('calc-inputs', entry.inputs.map(name => { const label = made('label', name.replaceAll('_', ' ')), input = made('input'); input.name = name; label.append(input); return label; }));
  $('calc-said').replaceChildren();
}

async function calculate(event) {
  event.preventDefault();
  const inputs = {};
  document.querySelectorAll('#calc-inputs input').forEach(one => {
    const text = one.value.trim();
    if (!text) return;
    if (/^[[{]/.test(text)) { try { inputs[one.name] = JSON.parse(text); return; } catch { inputs[one.name] = text; return; } }
    inputs[one.name] = text === 'true' ? true : text === 'false' ? false : /^[-+\d.,]+$/.test(text) ? decimal(text) : text;
  });
  try {
    const found = await ask('/v1/calc', { category: $('calc-name').value, inputs });
    const rows = Object.entries(found.result).map(([name, value]) => [name.replaceAll('_', ' '), typeof value === 'number' ? number(value, 4) : String(value)]);
    const missing = Object.entries(found.missing).map(([name, names]) => made('p', `${name.replaceAll('_', ' ')} needs: ${names.map(one => one.replaceAll('_', ' ')).join(', ')}`, 'note'));
    $('calc-said').replaceChildren(...(rows.length ? [table(['Result', 'Value'], rows)] : []), ...missing);
  } catch (error) { $('calc-said').replaceChildren(made('p', error.message, 'UNKNOWN')); }
}

// ---------------------------------------------------------------------------------------------------------- start
function take(found) {
  guards = found.guards; receivedAt = heardAt = performance.now();
  if (!guards.some(one => one.key === key)) key = guards.length ? guards[0].key : null;
  $('link').textContent = 'live'; $('link').className = 'chip OK';
  show();
}

function listen() {
  const events = new EventSource('/v1/events');
  events.addEventListener('status', event => take(JSON.parse(event.data)));
  events.onerror = () => { $('link').textContent = 'no connection'; $('link').className = 'chip BREACH'; };
}

addEventListener('DOMContentLoaded', async () => {
  orders();
  $('account').addEventListener('change', () => { key = $('account').value; show(); drawHistory(); showJournal(false); });
  $('span').addEventListener('change', drawHistory);
  $('journal-form').addEventListener('submit', event => { event.preventDefault(); showJournal(false); });
  $('older').addEventListener('click', () => showJournal(true));
  $('whatif').addEventListener('submit', tryTrade);
  $('calc').addEventListener('submit', calculate);
  $('calc-name').addEventListener('change', calcInputs);
  $('logout').addEventListener('click', async () => { await ask('/v1/logout', {}); location.reload(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawHistory);
  addEventListener('resize', () => charts.forEach((one, n) => one.setSize({ width: Math.max(240, $(n ? 'leverage-chart' : 'equity-chart').clientWidth), height: 180 })));
  setInterval(tick, 250);
  setInterval(drawHistory, 15000);
  setInterval(() => { if (before === null || $('journal').children.length <= 50) showJournal(false); }, 10000);
  try {
    take(await ask('/v1/status'));
    listen();
    calculators = await ask('/v1/calc');
    replace('calc-name', Object.keys(calculators).map(one => { const o = made('option', one.replaceAll('_', ' ')); o.value = one; return o; }));
    calcInputs(); drawHistory(); showJournal(false);
  } catch (error) { $('link').textContent = error.message; $('link').className = 'chip BREACH'; }
});
