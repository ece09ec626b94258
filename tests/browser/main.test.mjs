// The main job, from the roster to the report, by people in browsers.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  PHONE, account, day, follow, heading, open, origin, press, saved, signed, sound, soundAtBothWidths, start, stop, visitor,
} from "./site.mjs";

const SITE = "hung-yen";
const PDF = new URL("../../services/sotay/demo/documents/02-kh-tu-trien-khai-so-tay.pdf", import.meta.url).pathname;
const TITLE = "Kế hoạch học tập tháng tới của Đảng bộ";
const MINH = "Đỗ Thị Minh Thử";
const KHOI = "Đỗ Văn Khôi Thử";
const fetched = (page, address) =>
  page.evaluate(async (from) => {
    const answer = await fetch(from);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const begins = String.fromCharCode(...bytes.subarray(0, 5));
    return { status: answer.status, kind: answer.headers.get("content-type"), begins };
  }, address);
const workbook = (bytes) => bytes.subarray(0, 2).toString() === "PK" && bytes.length > 2000;

let broken;
/** A step; those after a broken one are not tried, for they build on it. */
const step = (name, work) =>
  test(name, async () => {
    assert.equal(broken, undefined, "an earlier step failed");
    try {
      await work();
    } catch (error) {
      broken = name;
      throw error;
    }
  });

describe("the main job", { concurrency: false }, () => {
  let admin, secretary, member, branch, branchCode, slipCode, meeting, checkIn, link;

  before(async () => {
    await start();
    [admin, secretary] = [await signed(SITE, "tenant_admin"), await signed(SITE, "secretary")];
  });
  after(stop);

  step("the secretary finds the branch and its code", async () => {
    const { page } = secretary;
    await open(page, "/organisations");
    await soundAtBothWidths(secretary);
    await page.locator("main h2 a[href^='/organisations/']").first().click();
    await page.getByText(/· mã /).waitFor();
    branch = new URL(page.url()).pathname;
    branchCode = (await page.getByText(/· mã /).innerText()).split("· mã ")[1].trim();
    await soundAtBothWidths(secretary);
  });

  step("the admin takes the roster's template and uploads a file; bad rows are named before anything is stored", async () => {
    const { page } = admin;
    await open(page, "/roster");
    await soundAtBothWidths(admin);
    const template = await saved(page, "Tải tệp mẫu (.xlsx)");
    assert.match(template.name, /\.xlsx$/);
    assert.ok(workbook(template.bytes), "the template is a workbook");
    const rows = [
      "Họ và tên,Ngày sinh,Giới tính,Ngày vào Đảng,Ngày chính thức,Số lý lịch,Mã chi bộ,Điện thoại,Có điện thoại thông minh",
      `${MINH},03/02/1975,Nữ,19/05/2001,19/05/2002,TR-000001,${branchCode},0999000001,Có`,
      `${KHOI},15/08/1958,Nam,02/09/1985,02/09/1986,TR-000002,${branchCode},,Không`,
      `Vũ Văn Sai Ngày,31/02/1980,Nam,19/05/2001,19/05/2002,TR-000003,${branchCode},0999000003,Có`,
      "Vũ Thị Sai Mã,01/03/1981,Nữ,19/05/2001,19/05/2002,TR-000004,khong-co-chi-bo,0999000004,Có",
    ];
    await page.getByLabel("Tệp danh sách").setInputFiles({
      name: "danh-sach.csv", mimeType: "text/csv", buffer: Buffer.from(`\uFEFF${rows.join("\r\n")}\r\n`),
    });
    await press(page, "Tải lên và kiểm tra");
    await page.getByText("Đã kiểm tra, chưa nhập").waitFor();
    const bad = page.getByRole("table", { name: "Những chỗ cần sửa trong tệp" });
    for (const [row, column, value] of [["4", "Ngày sinh", "31/02/1980"], ["5", "Mã chi bộ", "khong-co-chi-bo"]]) {
      const line = bad.getByRole("row").filter({ hasText: value });
      const cells = await line.getByRole("cell").allInnerTexts();
      assert.deepEqual(cells.slice(0, 3), [row, column, value]);
      assert.ok(cells[3].length > 10 && cells[4].length > 5, `why and how to mend: ${cells}`);
    }
    const good = page.getByRole("table", { name: /dòng tốt đầu tiên/ });
    assert.equal(await good.getByRole("row").filter({ hasText: "Thử" }).count(), 2);
    await soundAtBothWidths(admin);
    await open(secretary.page, branch);
    assert.equal(await secretary.page.getByText(MINH).count(), 0, "nothing is stored by the check");
  });

  step("the import runs and gives back the rows that failed", async () => {
    const { page } = admin;
    await page.locator("form[action$='/run'] button").click();
    await page.getByText("Đã nhập xong").waitFor();
    await soundAtBothWidths(admin);
    const problems = await saved(page, /Tải toàn bộ những chỗ cần sửa/);
    assert.match(problems.name, /\.xlsx$/);
    assert.ok(workbook(problems.bytes), "the problems are a workbook");
  });

  step("the secretary prints slips for the branch", async () => {
    const { page } = secretary;
    await open(page, branch);
    await press(page, /^In phiếu kích hoạt/);
    const slip = page.locator(".st-slip").filter({ hasText: MINH });
    slipCode = (await slip.locator(".st-slip__code").innerText()).trim();
    assert.match(slipCode, /^[2-9A-HJ-NP-Z-]{10,12}$/);
    assert.equal(await slip.locator("svg[role=img]").count(), 1, "the slip has its QR code");
    await soundAtBothWidths(secretary);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.getByRole("button", { name: "In các phiếu" }).count(), 0, "paper has no buttons");
    await page.emulateMedia({ media: null });
  });

  step("a member activates on a phone with the code and is signed in", async () => {
    member = await visitor(SITE, { viewport: PHONE });
    const { page } = member;
    await open(page, "/");
    await heading(page, "Đăng nhập");
    await sound(member);
    await follow(page, /Nhập mã/);
    await sound(member);
    await page.getByLabel("Mã trên phiếu").fill(slipCode.toLowerCase());
    await page.getByLabel("Mật khẩu mới").fill("ngan");
    await press(page, /Kích hoạt/);
    await page.getByRole("alert").getByRole("link").first().waitFor();
    assert.equal((await page.getByLabel("Mã trên phiếu").inputValue()).toUpperCase(), slipCode, "the code is kept");
    await sound(member);
    await page.getByLabel("Mật khẩu mới").fill("hoa mai vang nam canh");
    await press(page, /Kích hoạt/);
    await heading(page, new RegExp(`^Chào đồng chí.*${MINH.split(" ").at(-1)}`));
    await sound(member);
  });

  step("a slip works once", async () => {
    const other = await visitor(SITE, { viewport: PHONE });
    await open(other.page, "/activate");
    await other.page.getByLabel("Mã trên phiếu").fill(slipCode);
    await other.page.getByLabel("Mật khẩu mới").fill("hoa mai vang nam canh");
    await press(other.page, /Kích hoạt/);
    await other.page.getByRole("alert").waitFor();
    await other.context.close();
  });

  step("the editor publishes a PDF that must be read", async () => {
    const editor = await signed(SITE, "editor");
    const { page } = editor;
    await open(page, "/documents/new");
    await press(page, "Đăng văn bản");
    await page.getByRole("alert").getByRole("link").first().click();
    assert.equal(await page.evaluate(() => document.activeElement.matches("input, select, textarea")), true,
      "the summary leads to the field");
    await soundAtBothWidths(editor);
    await page.getByLabel("Loại văn bản").selectOption({ label: "Kế hoạch" });
    await page.getByLabel("Số, ký hiệu").fill("88-KH/TU");
    await page.getByLabel("Ngày ban hành").fill(day(-1));
    await page.getByLabel("Trích yếu").fill(TITLE);
    await page.getByLabel("Hạn đọc (không bắt buộc)").fill(day(7));
    await page.getByLabel("Tệp PDF").setInputFiles(PDF);
    await page.getByLabel("Tôi xác nhận văn bản không chứa bí mật nhà nước.").check();
    await page.getByLabel("Người xác nhận").fill("Chánh Văn phòng (thử)");
    await press(page, "Đăng văn bản");
    await heading(page, TITLE);
    await soundAtBothWidths(editor);
    await editor.context.close();
  });

  step("the member is asked to read it, opens it and acknowledges", async () => {
    const { page } = member;
    await open(page, "/");
    await page.getByRole("link", { name: TITLE }).waitFor();
    await open(page, "/documents");
    await sound(member);
    await follow(page, TITLE);
    await heading(page, TITLE);
    await sound(member);
    const file = await page.getByRole("main").locator("a[href$='/file']").getAttribute("href");
    const answer = await fetched(page, file);
    assert.deepEqual(answer, { status: 200, kind: "application/pdf", begins: "%PDF-" });
    await press(page, "Tôi đã đọc văn bản này");
    await page.getByText("Đồng chí đã xác nhận đã đọc văn bản này.").waitFor();
    await sound(member);
    await open(page, "/");
    assert.equal(await page.getByRole("link", { name: TITLE }).count(), 0, "nothing is asked twice");
  });

  step("the secretary sees who has read, the admin sees counts", async () => {
    await open(secretary.page, "/documents?q=88-KH");
    await follow(secretary.page, TITLE);
    const reader = secretary.page.getByRole("listitem").filter({ hasText: MINH });
    await reader.getByText("Đã xác nhận").waitFor();
    await soundAtBothWidths(secretary);
    await open(admin.page, "/documents?q=88-KH");
    await follow(admin.page, TITLE);
    await admin.page.getByRole("columnheader", { name: "Đã xác nhận" }).waitFor();
    assert.equal(await admin.page.getByText(MINH).count(), 0, "no names above the branch");
    await soundAtBothWidths(admin);
  });

  step("the secretary creates, announces and opens a meeting", async () => {
    const { page } = secretary;
    await open(page, "/meetings/new");
    await soundAtBothWidths(secretary);
    await page.getByLabel("Tiêu đề").fill("Sinh hoạt thử trên trình duyệt");
    await page.getByRole("radio").first().check();
    await page.getByLabel("Ngày họp").fill(day());
    await page.getByLabel("Giờ họp").fill("23:45");
    await page.getByLabel("Nơi họp").fill("Nhà văn hóa thôn");
    await page.getByLabel(/^Nội dung/).fill("Đánh giá tháng qua\nNhiệm vụ tháng tới");
    await press(page, "Lập buổi sinh hoạt");
    await heading(page, "Sinh hoạt thử trên trình duyệt");
    meeting = new URL(page.url()).pathname;
    await soundAtBothWidths(secretary);
    await press(page, "Thông báo cho đảng viên");
    await page.getByRole("button", { name: "Khai mạc" }).waitFor();
    await soundAtBothWidths(secretary);
    await open(member.page, "/");
    await member.page.getByRole("link", { name: "Sinh hoạt thử trên trình duyệt" }).waitFor();
    await press(page, "Khai mạc");
    checkIn = (await page.locator(".st-checkin__code").innerText()).trim();
    assert.match(checkIn, /^[2-9A-HJ-NP-Z]{6}$/);
    await soundAtBothWidths(secretary);
    link = await page.evaluate(async (address) => {
      const answer = await fetch(address, { headers: { accept: "application/json" } });
      return (await answer.json()).link;
    }, `${meeting}/board`);
    assert.equal(new URL(link).origin, origin(SITE), "the QR code leads to this site");
  });

  step("a member checks in by typing the code", async () => {
    const { page } = member;
    await open(page, meeting);
    await sound(member);
    await follow(page, "Điểm danh");
    await page.getByLabel("Mã điểm danh").fill("222222");
    await press(page, "Tôi có mặt");
    await page.getByRole("alert").waitFor();
    await sound(member);
    await page.getByLabel("Mã điểm danh").fill(` ${checkIn.toLowerCase()} `);
    await press(page, "Tôi có mặt");
    await page.getByText(/Đồng chí đã điểm danh/).first().waitFor();
    await sound(member);
  });

  step("another comes through the QR code, signs in on the way and checks in", async () => {
    const other = await visitor(SITE, { viewport: PHONE });
    const { page } = other;
    const { login, password } = account(SITE, "member");
    await open(page, link);
    await heading(page, "Đăng nhập");
    await page.getByLabel("Số điện thoại hoặc số thẻ đảng").fill(login);
    await page.getByLabel("Mật khẩu", { exact: true }).fill(password);
    await press(page, "Đăng nhập");
    await heading(page, "Sinh hoạt thử trên trình duyệt");
    await sound(other);
    await press(page, "Tôi có mặt");
    await page.getByText(/Đồng chí đã điểm danh/).first().waitFor();
    await other.context.close();
  });

  step("the board counts by itself; the secretary checks in a member without a phone", async () => {
    const { page } = secretary;
    await page.getByText(/^Có mặt 2\//).waitFor();
    await follow(page, "Danh sách điểm danh");
    await soundAtBothWidths(secretary);
    const row = page.getByRole("listitem").filter({ hasText: KHOI });
    await row.getByRole("button", { name: /^Có mặt/ }).click();
    await row.getByText("Có mặt", { exact: true }).first().waitFor();
    assert.equal(await row.getByRole("button", { name: /^Có mặt/ }).count(), 0);
    assert.match(await row.innerText(), /giúp|hộ/, "it is recorded as assisted");
  });

  step("the secretary closes the meeting with a minute, which members read", async () => {
    const { page } = secretary;
    await open(page, `${meeting}/close`);
    await soundAtBothWidths(secretary);
    await press(page, "Kết thúc buổi sinh hoạt");
    await page.getByRole("alert").waitFor();
    await soundAtBothWidths(secretary);
    await page.getByLabel("Tóm tắt nội dung và kết luận").fill("Chi bộ thống nhất nhiệm vụ tháng tới, phân công từng đảng viên.");
    await press(page, "Kết thúc buổi sinh hoạt");
    await page.waitForURL(`**${meeting}`);
    await soundAtBothWidths(secretary);
    const roll = await saved(page, "Tải danh sách (Excel)");
    assert.ok(workbook(roll.bytes), "the roll is a workbook");
    await open(member.page, meeting);
    await member.page.getByText("Chi bộ thống nhất nhiệm vụ tháng tới").waitFor();
    assert.equal(await member.page.getByText(KHOI).count(), 0, "members do not see who came");
    await sound(member);
  });

  step("the board sees adoption by unit and goes down to a branch", async () => {
    const { page } = admin;
    await open(page, "/adoption");
    await page.getByRole("table", { name: "Các đơn vị trực thuộc" }).waitFor();
    assert.match(await page.locator(".st-stat__value").first().innerText(), /%$/);
    await soundAtBothWidths(admin);
    const file = await saved(page, "Tải bảng Excel");
    assert.ok(workbook(file.bytes), "the report is a workbook");
    const units = page.locator("table tbody th a[href^='/adoption?unit=']");
    for (let level = 0; level < 2 && (await units.count()) > 0; level += 1) {
      const name = await units.first().innerText();
      await units.first().click();
      await heading(page, new RegExp(name.slice(0, 20)));
      await soundAtBothWidths(admin);
    }
    assert.match(await page.getByRole("main").innerText(), /Chỉ bí thư chi bộ xem được ai đã kích hoạt/);
    assert.equal(await page.getByText(MINH).count(), 0, "no names above the branch");
  });

  step("the national reviewer sees the provinces side by side", async () => {
    const reviewer = await signed("toan-quoc", "reviewer");
    const { page } = reviewer;
    await open(page, "/national");
    const rows = page.getByRole("table").locator("tbody tr");
    assert.ok((await rows.count()) >= 5);
    assert.match(await rows.filter({ hasText: "Hưng Yên" }).innerText(), /%/);
    await soundAtBothWidths(reviewer);
    const file = await saved(page, "Tải bảng Excel");
    assert.ok(workbook(file.bytes), "the table is a workbook");
    await reviewer.context.close();
  });
});
