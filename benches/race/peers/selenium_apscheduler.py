"""Selenium logs in and fills in the form ahead of time; APScheduler, which keeps its jobs in a database, clicks at the opening.

usage: selenium_apscheduler.py firefox|chromium

Every line of standard input is an opening (JSON); for each one this says `staged`, and `done` once the site has answered. It
ends with its input. BROWSER and DRIVER say where the two programs are.
"""

import json
import os
import sys
import tempfile
import threading
from datetime import datetime, timezone

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as ec
from selenium.webdriver.support.ui import Select, WebDriverWait

PATIENCE = 20

driver = None
button = None
clicked = threading.Event()
trouble = None


def open_browser(name):
    if name == "firefox":
        options = webdriver.FirefoxOptions()
        options.add_argument("-headless")
        options.binary_location = os.environ["BROWSER"]
        service = webdriver.FirefoxService(executable_path=os.environ["DRIVER"])
        return webdriver.Firefox(options=options, service=service)
    options = webdriver.ChromeOptions()
    options.add_argument("--headless=new")
    options.add_argument("--disable-dev-shm-usage")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.binary_location = os.environ["BROWSER"]
    service = webdriver.ChromeService(executable_path=os.environ["DRIVER"])
    return webdriver.Chrome(options=options, service=service)


def wait_for(css):
    return WebDriverWait(driver, PATIENCE, poll_frequency=0.1).until(
        ec.presence_of_element_located((By.CSS_SELECTOR, css))
    )


def log_in(opening):
    driver.get(opening["url"] + "ingresar")
    driver.find_element(By.ID, "usuario").send_keys(opening["user"])
    driver.find_element(By.ID, "clave").send_keys(opening["password"])
    driver.find_element(By.ID, "entrar").click()
    wait_for("#socio")


def fill(opening):
    Select(driver.find_element(By.ID, "cancha")).select_by_value(opening["court"])
    date = driver.find_element(By.ID, "fecha")
    if date.tag_name == "select":
        Select(date).select_by_value(opening["date"])
    else:
        driver.execute_script("arguments[0].value = arguments[1]", date, opening["date"])
    Select(driver.find_element(By.ID, "horario")).select_by_value(opening["start"])


def stage(opening):
    global button
    log_in(opening)
    driver.get(opening["url"] + "reservar")
    wait_for("#reserva")
    if opening["shape"] == "submit":
        fill(opening)
        button = driver.find_element(By.ID, "reservar")


def book(opening):
    """The scheduler's job."""
    global trouble
    try:
        if opening["shape"] == "reload":
            # A new date is only in a page that is loaded after the opening.
            driver.refresh()
            fill(opening)
            driver.find_element(By.ID, "reservar").click()
        else:
            button.click()
    except Exception as error:  # said by the main thread
        trouble = error
    clicked.set()


def one(opening, scheduler):
    clicked.clear()
    stage(opening)
    at = datetime.fromtimestamp(opening["at_ms"] / 1000, tz=timezone.utc)
    scheduler.add_job("__main__:book", "date", run_date=at, args=[opening], misfire_grace_time=60)
    print("staged", flush=True)
    if not clicked.wait(opening["wait_s"]):
        raise TimeoutError("the job did not run")
    if trouble is not None:
        raise trouble
    wait_for(".aviso.exito, .aviso.error")
    print("done", flush=True)


def main():
    global driver
    with tempfile.TemporaryDirectory() as folder:
        store = SQLAlchemyJobStore(url=f"sqlite:///{folder}/jobs.sqlite")
        scheduler = BackgroundScheduler(jobstores={"default": store}, timezone=timezone.utc)
        scheduler.start()
        driver = open_browser(sys.argv[1])
        try:
            for line in sys.stdin:
                one(json.loads(line), scheduler)
        except Exception as error:
            print(f"failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", flush=True)
            raise
        finally:
            scheduler.shutdown(wait=False)
            driver.quit()


if __name__ == "__main__":
    main()
