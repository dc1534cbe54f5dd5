import { el } from "../dom.ts";
import type { Page, View } from "../view.ts";
import { FilesClient } from "./client.ts";
import { droppedFiles } from "./dropped.ts";
import { failureOf } from "./failure.ts";
import { failureText } from "./failure-text.ts";
import { FileRow } from "./file-row.ts";
import type { Cipher } from "./messages.ts";
import { sampleFile } from "./sample.ts";
import { canPickFolder, pickFolder } from "./save.ts";
import { texts } from "./strings.ts";

const SAMPLE_MEBIBYTES = 64;

/** Files are sealed, opened again and compared, as they are dropped. */
export const filesView: View = {
  mount(root, page) {
    new FilesView(root, page).mount();
  },
};

class FilesView {
  readonly #root: HTMLElement;
  readonly #page: Page;
  readonly #client: FilesClient;
  readonly #list = el("ul", { class: "files" });
  readonly #broken = el("p", { class: "notice bad", role: "alert", hidden: true });
  /** A folder that could not be read. */
  readonly #unread = el("div", { class: "notice bad", role: "alert", hidden: true });
  #cipher: Cipher = "aes";
  #folder: FileSystemDirectoryHandle | undefined;
  #files = 0;

  constructor(root: HTMLElement, page: Page) {
    this.#root = root;
    this.#page = page;
    this.#client = new FilesClient(page.worker("files-worker.js"), () => {
      this.#broken.hidden = false;
    });
  }

  mount(): void {
    const page = this.#page;
    page.name(this.#list, "aria-label", () => page.t(texts).list);
    page.name(this.#broken, "", () => page.t(texts).workerFailed);
    const options = el("div", { class: "options" }, this.#ciphers());
    if (canPickFolder()) options.append(this.#folderChoice());
    this.#root.append(
      el("div", { class: "sealing card" }, this.#dropZone(), options),
      el(
        "p",
        { class: "key-note notice warn small" },
        page.text(() => page.t(texts).keyWarning),
      ),
      this.#broken,
      this.#unread,
      this.#list,
    );
    this.#takeDrops();
  }

  #dropZone(): HTMLElement {
    const page = this.#page;
    const input = el("input", { type: "file", multiple: true, class: "hidden", id: "choose-files" });
    input.addEventListener("change", () => {
      for (const file of input.files ?? []) this.#add(file);
      // The same file can be chosen once more.
      input.value = "";
    });
    const sample = el(
      "button",
      { type: "button" },
      page.text(() => page.t(texts).sample),
    );
    sample.addEventListener("click", () => this.#add(sampleFile(SAMPLE_MEBIBYTES)));
    return el(
      "div",
      { class: "drop" },
      el(
        "p",
        { class: "drop-title" },
        page.text(() => page.t(texts).drop),
      ),
      el(
        "p",
        { class: "minor small" },
        page.text(() => page.t(texts).dropHint),
      ),
      el(
        "div",
        { class: "choices" },
        input,
        el(
          "label",
          { for: "choose-files", class: "button primary" },
          page.text(() => page.t(texts).choose),
        ),
        sample,
      ),
    );
  }

  #ciphers(): HTMLElement {
    const page = this.#page;
    const hint = el("p", { class: "minor small" });
    page.name(hint, "", () => page.t(texts)[this.#cipher === "aes" ? "aesHint" : "sm4Hint"]);
    const radios = (["aes", "sm4"] as const).map((cipher) => {
      const radio = el("input", { type: "radio", name: "cipher", checked: cipher === this.#cipher });
      radio.addEventListener("change", () => {
        this.#cipher = cipher;
        hint.textContent = page.t(texts)[cipher === "aes" ? "aesHint" : "sm4Hint"];
      });
      return el(
        "label",
        {},
        radio,
        el(
          "span",
          {},
          page.text(() => page.t(texts)[cipher]),
        ),
      );
    });
    const legend = el(
      "legend",
      {},
      page.text(() => page.t(texts).cipher),
    );
    return el("fieldset", { class: "option" }, legend, el("div", { class: "switch" }, ...radios), hint);
  }

  #folderChoice(): HTMLElement {
    const page = this.#page;
    const hint = el("p", { class: "minor small" });
    const button = el("button", { type: "button", class: "plain" });
    page.name(button, "", () => page.t(texts)[this.#folder ? "folderForget" : "folder"]);
    page.name(hint, "", () => {
      const { folderChosen, folderHint } = page.t(texts);
      return this.#folder ? folderChosen(this.#folder.name) : folderHint;
    });
    button.addEventListener("click", async () => {
      try {
        this.#folder = this.#folder === undefined ? await pickFolder() : undefined;
      } catch (error) {
        hint.replaceChildren(failureText(page, failureOf(error)));
        return;
      }
      button.textContent = page.t(texts)[this.#folder ? "folderForget" : "folder"];
      const { folderChosen, folderHint } = page.t(texts);
      hint.textContent = this.#folder ? folderChosen(this.#folder.name) : folderHint;
    });
    return el("div", { class: "option" }, button, hint);
  }

  /** The whole page takes drops: a file that misses the zone would otherwise replace the page. */
  #takeDrops(): void {
    let inside = 0;
    const show = () => this.#root.classList.toggle("dragging", inside > 0);
    const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    addEventListener("dragenter", (event) => {
      if (isFiles(event)) inside += 1;
      show();
    });
    addEventListener("dragleave", (event) => {
      if (isFiles(event)) inside -= 1;
      show();
    });
    addEventListener("dragover", (event) => {
      if (isFiles(event)) event.preventDefault();
    });
    addEventListener("drop", (event) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      inside = 0;
      show();
      if (event.dataTransfer) void this.#addDropped(droppedFiles(event.dataTransfer));
    });
  }

  async #addDropped(dropped: Promise<File[]>): Promise<void> {
    try {
      for (const file of await dropped) this.#add(file);
      this.#unread.hidden = true;
    } catch (error) {
      this.#unread.replaceChildren(failureText(this.#page, failureOf(error)));
      this.#unread.hidden = false;
    }
  }

  #add(file: File): void {
    const id = ++this.#files;
    const row = new FileRow({
      ...{ id, file, cipher: this.#cipher, client: this.#client, page: this.#page },
      onRemove: () => {
        this.#client.ask({ kind: "forget", id });
        row.element.remove();
        this.#root.querySelector<HTMLElement>("input[type=file]")?.focus();
      },
    });
    this.#list.prepend(row.element);
    this.#page.announce(this.#page.t(texts).begunAnnounced(file.name));
    this.#client.ask({ kind: "seal", id, file, cipher: this.#cipher, folder: this.#folder });
  }
}
