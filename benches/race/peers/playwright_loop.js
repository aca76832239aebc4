// Playwright logs in and fills in the form ahead of time; a loop of short sleeps clicks at the opening.
//
// usage: node playwright_loop.js chromium
//
// Every line of standard input is an opening (JSON); for each one this says `staged`, and `done` once the site has answered.
// It ends with its input. BROWSER says where the browser is.

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright';

const PATIENCE_MS = 20_000;

async function stage(page, opening) {
  await page.goto(`${opening.url}ingresar`);
  await page.fill('#usuario', opening.user);
  await page.fill('#clave', opening.password);
  await page.click('#entrar');
  await page.waitForSelector('#socio');
  await page.goto(`${opening.url}reservar`);
  await page.waitForSelector('#reserva');
  if (opening.shape === 'submit') await fill(page, opening);
}

async function fill(page, opening) {
  await page.selectOption('#cancha', opening.court);
  if (opening.shape === 'submit') await page.fill('#fecha', opening.date);
  else await page.selectOption('#fecha', opening.date);
  await page.selectOption('#horario', opening.start);
}

async function sleepUntil(at) {
  for (let left = at - Date.now(); left > 0; left = at - Date.now()) {
    await sleep(left > 2_000 ? left - 1_000 : 1);
  }
}

async function one(page, opening) {
  await stage(page, opening);
  const button = page.locator('#reservar');
  console.log('staged');
  await sleepUntil(opening.at_ms);
  if (opening.shape === 'reload') {
    // A new date is only in a page that is loaded after the opening.
    await page.reload();
    await fill(page, opening);
  }
  await button.click();
  await page.waitForSelector('.aviso.exito, .aviso.error');
  console.log('done');
}

const browser = await chromium.launch({ executablePath: process.env.BROWSER });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  for await (const line of createInterface({ input: process.stdin })) {
    await one(page, JSON.parse(line));
  }
} catch (error) {
  console.log(`failed: ${String(error).split('\n')[0]}`);
  throw error;
} finally {
  await browser.close();
}
