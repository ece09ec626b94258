// The demo's sites in a real browser, and what must hold on every page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1280, height: 900 };

const demo = JSON.parse(readFileSync(process.env.SOTAY_DEMO, "utf8"));
const site = (slug) => [...demo.tenants, demo.national].find((one) => one.slug === slug);

/** The origin of a tenant. */
export const origin = (slug) => site(slug).url;

let browser;
export const start = async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
};
export const stop = () => browser?.close();

/** How the demo's account of a role signs in. */
export const account = (slug, role) => site(slug).accounts.find((one) => one.role === role);

/** Somebody's browser: an own context with one page, watched for complaints. */
export async function visitor(slug, { viewport = DESK, ...options } = {}) {
  const context = await browser.newContext({
    baseURL: origin(slug), viewport, locale: "vi-VN", timezoneId: "Asia/Ho_Chi_Minh", ...options,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
  page.on("console", (message) => {
    // Chromium reports the page's own 4xx as an error too; the tests ask for those.
    const own = message.location().url === page.url() && /status of 4\d\d/.test(message.text());
    if (message.type() === "error" && !own) complaints.push(`${message.location().url}: ${message.text()}`);
  });
  return { context, page, complaints };
}

/** Signs a demo account in through the form. */
export async function signed(slug, role, options) {
  const who = await visitor(slug, options);
  await who.page.goto("/sign-in");
  await signIn(who.page, account(slug, role));
  return who;
}

export async function signIn(page, { login, password }) {
  await page.getByLabel("Số điện thoại hoặc số thẻ đảng").fill(login);
  await page.getByLabel("Mật khẩu", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Đăng nhập", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: /^Chào đồng chí/ }).waitFor();
}

const place = (page) => `${page.url()} at ${page.viewportSize().width} px`;

/** Nothing is wider than the screen. */
export async function fits(page) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const all = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > room + 1);
    return all.slice(0, 3).map((one) => one.outerHTML.slice(0, 120));
  });
  assert.deepEqual(wide, [], `${place(page)}: wider than the screen`);
}

/** What holds on every page: axe finds nothing, nothing is wider than the screen, no complaint. */
export async function sound({ page, complaints }) {
  const where = place(page);
  await fits(page);
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  const found = await page.evaluate(async (values) => {
    const result = await axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] });
    return result.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)}`));
  }, RULES);
  assert.deepEqual(found, [], `${where}: axe`);
  assert.deepEqual(complaints, [], `${where}: console`);
}

/** Sound as on a phone and as on a desk. */
export async function soundAtBothWidths(who) {
  const before = who.page.viewportSize();
  for (const width of [PHONE, DESK]) {
    await who.page.setViewportSize(width);
    await sound(who);
  }
  await who.page.setViewportSize(before);
}

/** Opens an address, which must answer with the status. */
export async function open(page, address, status = 200) {
  const response = await page.goto(address);
  assert.equal(response.status(), status, address);
}

export const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();
export const press = (page, name) => page.getByRole("main").getByRole("button", { name }).click();
export const follow = (page, name) => page.getByRole("main").getByRole("link", { name }).first().click();

/** Clicks a link that saves a file; the bytes of the file. */
export async function saved(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), follow(page, name)]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** Today in Việt Nam, `days` later, as dd/mm/yyyy. */
export const day = (days = 0) =>
  new Intl.DateTimeFormat("vi-VN", { timeZone: "Asia/Ho_Chi_Minh", day: "2-digit", month: "2-digit", year: "numeric" })
    .format(Date.now() + days * 86_400_000);
