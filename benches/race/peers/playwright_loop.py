"""Playwright logs in and fills in the form ahead of time; a loop of short sleeps clicks at the opening.

usage: playwright_loop.py chromium

Every line of standard input is an opening (JSON); for each one this says `staged`, and `done` once the site has answered. It
ends with its input. BROWSER says where the browser is.
"""

import json
import os
import sys
import time

from playwright.sync_api import sync_playwright

PATIENCE_MS = 20_000


def stage(page, opening):
    page.goto(opening["url"] + "ingresar")
    page.fill("#usuario", opening["user"])
    page.fill("#clave", opening["password"])
    page.click("#entrar")
    page.wait_for_selector("#socio")
    page.goto(opening["url"] + "reservar")
    page.wait_for_selector("#reserva")
    if opening["shape"] == "submit":
        fill(page, opening)


def fill(page, opening):
    page.select_option("#cancha", opening["court"])
    if opening["shape"] == "submit":
        page.fill("#fecha", opening["date"])
    else:
        page.select_option("#fecha", opening["date"])
    page.select_option("#horario", opening["start"])


def sleep_until(at):
    while (left := at - time.time()) > 0:
        time.sleep(left - 1 if left > 2 else 0.001)


def one(page, opening):
    stage(page, opening)
    button = page.locator("#reservar")
    print("staged", flush=True)
    sleep_until(opening["at_ms"] / 1000)
    if opening["shape"] == "reload":
        # A new date is only in a page that is loaded after the opening.
        page.reload()
        fill(page, opening)
    button.click()
    page.wait_for_selector(".aviso.exito, .aviso.error")
    print("done", flush=True)


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["BROWSER"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        try:
            for line in sys.stdin:
                one(page, json.loads(line))
        except Exception as error:
            print(f"failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", flush=True)
            raise
        finally:
            browser.close()


if __name__ == "__main__":
    main()
