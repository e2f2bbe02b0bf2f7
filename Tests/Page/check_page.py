"""Loads report.html in headless Chromium, as a reader would use it.

Fails where the console reports an error, or where moving time or choosing a cell, a mode or a cluster leaves a linked
part of the page as it was. `--screenshots DIR` keeps what it saw.

    python Tests/Page/check_page.py codec-demo/report.html results/report.html --screenshots /tmp
"""

import argparse
import pathlib
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait


def browser(width: int, height: int) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    # The narrowest window is wider than a telephone, so the page's own size is set.
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    return driver


def settled(driver: webdriver.Chrome) -> None:
    """Waits until the page has drawn what it was told."""
    driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))"
    )


def seen(driver: webdriver.Chrome, names: list[str]) -> dict[str, str]:
    """The pixels of canvases and the words of everything else."""
    settled(driver)
    script = (
        "const e = document.getElementById(arguments[0]);"
        "return e.tagName === 'CANVAS' ? e.toDataURL() : e.innerText"
    )
    return {name: driver.execute_script(script, name) for name in names}


def expect_change(driver: webdriver.Chrome, what: str, act, changing: list[str], staying: list[str]) -> None:
    before = seen(driver, changing + staying)
    act()
    after = seen(driver, changing + staying)
    for name in changing:
        assert before[name] != after[name], f"{what}: {name} did not change"
    for name in staying:
        assert before[name] == after[name], f"{what}: {name} changed"
    print(f"{what}: {', '.join(changing)} changed")


def check_retina(driver: webdriver.Chrome) -> None:
    body = driver.find_element(By.TAG_NAME, "body")

    def press(*keys: str) -> None:
        for key in keys:
            body.send_keys(key)

    def click(selector: str, number: int = 0) -> None:
        element = driver.find_elements(By.CSS_SELECTOR, selector)[number]
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def slide(share: float) -> None:
        driver.execute_script(
            "const s = document.getElementById('slider'); s.value = Math.round(s.max * arguments[0]);"
            "s.dispatchEvent(new Event('input'))", share)

    moment = ["time-text", "movie", "field", "kernel", "channels", "traces", "overview"]
    expect_change(driver, "slider", lambda: slide(0.3), moment, ["driven", "atom", "mode-title"])
    expect_change(
        driver, "arrow keys", lambda: press(*[Keys.ARROW_RIGHT] * 9), ["time-text", "channels", "traces"], ["mode-title"])
    # The page of a long recording holds the movie and receptive fields of some frames only, and its overview has many
    # frames in a pixel: far enough for all of them, in steps of ten.
    far = driver.execute_script(
        "const { samples, gap, stride } = window.codecReport.thinned;"
        "return Math.ceil(Math.max(gap, stride, samples / 150) / 10) + 1")
    expect_change(
        driver, f"{far} steps of ten", lambda: press(*[Keys.SHIFT + Keys.ARROW_RIGHT + Keys.NULL] * far), moment,
        ["mode-title"])
    expect_change(
        driver, "cell", lambda: click("#cells button", 4), ["field", "field-caption", "traces", "driven", "mosaic"],
        ["movie", "time-text", "channels"])
    mode = ["mode-title", "atom", "driven", "overview", "mode-fields"]

    def choose_mode() -> None:
        select = Select(driver.find_element(By.ID, "mode-select"))
        select.select_by_index(7)

    expect_change(driver, "mode", choose_mode, mode, ["movie", "field", "time-text"])
    expect_change(driver, "next moment of the mode", lambda: click("#mode-on"), ["time-text", "field"], ["mode-title"])
    expect_change(
        driver, "cluster", lambda: click("#cluster-buttons button", 1), ["cluster-cells", "matrix", "mosaic", "traces"],
        ["movie", "time-text"])
    expect_change(driver, "profiles", lambda: click("#parts button", 1), ["matrix", "silhouettes"], ["movie"])
    expect_change(driver, "layer", lambda: click("#layers button", 1), ["traces", "channels", "mode-title"], ["movie"])


def check_images(driver: webdriver.Chrome) -> None:
    def choose(select: str, index: int) -> None:
        Select(driver.find_element(By.ID, select)).select_by_index(index)

    layers = driver.find_elements(By.CSS_SELECTOR, "#image-layers button")
    expect_change(driver, "layer", layers[-1].click, ["image-modes", "image-mode", "image-modes-title"], [])
    expect_change(driver, "class", lambda: choose("image-class", 2), ["image-modes", "image-modes-title"], [])
    expect_change(driver, "mode", lambda: choose("image-mode-select", 1), ["image-mode", "image-classes"], ["image-modes-title"])
    search = driver.find_element(By.ID, "image-search")
    name = driver.execute_script("return document.querySelectorAll('#image-class option')[3].text")
    expect_change(driver, "search", lambda: search.send_keys(name), ["image-modes-title"], [])


def check_recording(driver: webdriver.Chrome) -> None:
    rows = len(driver.find_elements(By.CSS_SELECTOR, "#cells tbody tr, #fits tbody tr"))
    figures = driver.find_elements(By.CSS_SELECTOR, "#figures img")
    assert rows and figures, "no table or no figure"
    for figure in figures:
        driver.execute_script("arguments[0].scrollIntoView()", figure)
        WebDriverWait(driver, 10).until(lambda d: d.execute_script("return arguments[0].naturalWidth > 0", figure))
    print(f"{rows} rows and {len(figures)} figures")


CHECKS = {"retina": check_retina, "images": check_images, "recording": check_recording}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=pathlib.Path, nargs="+")
    parser.add_argument("--screenshots", type=pathlib.Path)
    arguments = parser.parse_args()
    for page in arguments.page:
        check(page, arguments.screenshots)
    print("every page works" if len(arguments.page) > 1 else "the page works")


def check(page: pathlib.Path, screenshots: pathlib.Path | None) -> None:
    for width, height in [(1280, 900), (390, 800)]:
        driver = browser(width, height)
        try:
            start = time.monotonic()
            driver.get(page.resolve().as_uri())
            WebDriverWait(driver, 30).until(lambda d: d.execute_script("return window.codecReport?.ready"))
            print(f"{page.parent.name}, {width} pixels wide: ready after {time.monotonic() - start:.1f} s")
            kind = driver.execute_script("return JSON.parse(document.getElementById('data').textContent).kind")
            CHECKS[kind](driver)
            overflow = driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"the page is {overflow} pixels wider than the window"
            if screenshots:
                metrics = driver.execute_script("return document.documentElement.scrollHeight")
                driver.execute_cdp_cmd(
                    "Emulation.setDeviceMetricsOverride",
                    {"width": width, "height": min(metrics, 9000), "deviceScaleFactor": 1, "mobile": width < 600})
                time.sleep(1)
                settled(driver)
                driver.save_screenshot(str(screenshots / f"{page.parent.name}-{width}.png"))
            errors = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
            assert not errors, f"the console says: {errors}"
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
