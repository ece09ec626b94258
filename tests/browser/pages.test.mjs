// Every page that a role's own links lead to, and what a weak phone needs.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  DESK, PHONE, account, fits, heading, open, origin, signIn, signed, sound, soundAtBothWidths, start, stop, visitor,
} from "./site.mjs";

const SITE = "thanh-hoa";
const HOME_BYTES = 60 * 1024;

/** The shape of an address: one document stands for all documents. */
const shape = (path) => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "*").replace(/=[^&]*/g, "=");

/**
 * Visits one page of each shape, following links from the home page: sound as
 * the role mostly sees it, inside the screen at both widths.
 */
async function walk(who, usual) {
  const other = usual === PHONE ? DESK : PHONE;
  const seen = new Set();
  const waiting = ["/"];
  while (waiting.length > 0) {
    const path = waiting.shift();
    if (seen.has(shape(path))) continue;
    seen.add(shape(path));
    await open(who.page, path);
    await who.page.setViewportSize(other);
    await fits(who.page);
    await who.page.setViewportSize(usual);
    await sound(who);
    const links = await who.page.$$eval("a[href^='/']", (all) => all.map((one) => one.getAttribute("href")));
    waiting.push(...links.filter((href) => !/\.xlsx|\/file/.test(href)));
  }
  return seen;
}

describe("pages", { concurrency: false }, () => {
  before(start);
  after(stop);

  for (const [slug, role, least] of [
    [SITE, "member", 6], [SITE, "secretary", 10], [SITE, "committee", 8], [SITE, "editor", 6],
    [SITE, "tenant_admin", 20], [SITE, "auditor", 8], ["toan-quoc", "reviewer", 3],
  ]) {
    test(`every page of a ${role} is sound on a phone and on a desk`, async () => {
      const who = await signed(slug, role);
      const seen = await walk(who, ["member", "secretary"].includes(role) ? PHONE : DESK);
      assert.ok(seen.size >= least, `only ${[...seen]}`);
      await who.context.close();
    });
  }

  test("pages that refuse say what to do next", async () => {
    const who = await visitor(SITE);
    await open(who.page, "/khong-co", 404);
    await soundAtBothWidths(who);
    await open(who.page, origin(SITE).replace(SITE, "khong-co"), 404);
    await soundAtBothWidths(who);
    await who.context.close();
    const member = await signed(SITE, "member");
    await open(member.page, "/adoption", 403);
    await soundAtBothWidths(member);
    await open(member.page, "/documents/00000000-0000-4000-8000-000000000000", 404);
    await soundAtBothWidths(member);
    await member.context.close();
  });

  test("text at 200 % on a narrow phone stays inside the screen", async () => {
    const who = await signed(SITE, "member", { viewport: { width: 320, height: 640 } });
    for (const path of ["/", "/documents", "/meetings", "/meetings/check-in", "/account", "/help"]) {
      await open(who.page, path);
      await who.page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
      const [need, room] = await who.page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth];
      });
      assert.ok(need <= room, `${path}: ${need} > ${room}`);
    }
    await who.context.close();
  });

  test("signing in and checking in work without JavaScript", async () => {
    const who = await visitor(SITE, { viewport: PHONE, javaScriptEnabled: false });
    await open(who.page, "/meetings/check-in");
    await heading(who.page, "Đăng nhập");
    await open(who.page, "/sign-in");
    await signIn(who.page, account(SITE, "member"));
    await open(who.page, "/meetings/check-in");
    await who.page.getByLabel("Mã điểm danh").fill("222222");
    await who.page.getByRole("button", { name: "Tôi có mặt" }).click();
    await who.page.getByRole("alert").waitFor();
    assert.equal(await who.page.getByRole("button", { name: "Hiện" }).count(), 0, "no button that does nothing");
    await who.page.getByRole("button", { name: "Đăng xuất" }).click();
    await heading(who.page, "Đăng nhập");
    await who.context.close();
  });

  test("the keyboard alone signs in, and focus shows", async () => {
    const who = await visitor(SITE);
    await open(who.page, "/sign-in");
    await who.page.keyboard.press("Tab");
    assert.equal(await who.page.evaluate(() => document.activeElement.textContent), "Đến thẳng nội dung chính");
    const { login, password } = account(SITE, "member");
    await who.page.keyboard.press("Enter");
    await who.page.keyboard.press("Tab");
    await who.page.keyboard.type(login);
    const ring = await who.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(ring, "solid");
    await who.page.keyboard.press("Tab");
    await who.page.keyboard.type(password);
    await who.page.keyboard.press("Enter");
    await heading(who.page, /^Chào đồng chí/);
    await sound(who);
    await who.context.close();
  });

  test("a member's first load is at most 60 KB over the wire", async () => {
    const first = await signed(SITE, "member");
    const storageState = await first.context.storageState();
    await first.context.close();
    const who = await visitor(SITE, { viewport: PHONE, storageState });
    const network = await who.context.newCDPSession(who.page);
    await network.send("Network.enable");
    const kinds = new Map();
    const bytes = {};
    network.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
    network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      const kind = kinds.get(requestId);
      bytes[kind] = (bytes[kind] ?? 0) + encodedDataLength;
    });
    await who.page.goto("/", { waitUntil: "networkidle" });
    await heading(who.page, /^Chào đồng chí/);
    assert.ok(bytes.Document > 0 && bytes.Stylesheet > 0 && bytes.Script > 0, JSON.stringify(bytes));
    const all = bytes.Document + bytes.Stylesheet + bytes.Script;
    assert.ok(all <= HOME_BYTES, `${all} bytes: ${JSON.stringify(bytes)}`);
    await who.context.close();
  });
});
