// Attaching: by picker, by dragging and by pasting. A file is uploaded at once,
// with its progress, and sent with the next message.

const frame = document.getElementById("inbox");
let files = [];

// What WhatsApp takes as what; everything else goes as a document.
const kinds = [
  [/^image\/(jpeg|png)$/, "image"], [/^video\/(mp4|3gpp)$/, "video"], [/^audio\/(aac|amr|mpeg|mp4|ogg)/, "audio"],
];
const kindOf = (file) => kinds.find(([type]) => type.test(file.type))?.[1] || "document";

export function mountFiles(form, section, zone) {
  const picker = document.getElementById("picker");
  document.getElementById("attach").addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    add(picker.files, section);
    picker.value = "";
  });
  document.getElementById("text").addEventListener("paste", (event) => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    add(event.clipboardData.files, section);
  });
  for (const area of [zone, document.getElementById("messages")]) {
    area.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      zone.classList.add("over");
    });
    area.addEventListener("dragleave", () => zone.classList.remove("over"));
    area.addEventListener("drop", (event) => {
      if (event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      zone.classList.remove("over");
      add(event.dataTransfer.files, section);
    });
  }
}

// takeFiles returns what is attached, to be sent.
export function takeFiles() {
  const taken = files.filter((file) => !file.failed);
  for (const file of taken) file.item.remove();
  files = files.filter((file) => file.failed);
  return taken;
}

// clearFiles forgets what is attached.
export function clearFiles() {
  for (const file of files) {
    file.request.abort();
    file.item.remove();
  }
  files = [];
}

function add(list, section) {
  for (const file of list) files.push(attach(file, section));
  document.getElementById("text").focus();
}

function attach(file, section) {
  const kind = kindOf(file);
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = file.name;
  const progress = document.createElement("progress");
  progress.max = 1;
  progress.value = 0;
  progress.setAttribute("aria-label", file.name);
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "button quiet small";
  remove.textContent = frame.dataset.remove;
  item.append(picture(file, kind), name, progress, remove);
  document.getElementById("files").append(item);
  const request = new XMLHttpRequest(); // fetch does not tell how far an upload is
  const attached = {
    name: file.name, captioned: kind !== "audio", item, request, failed: false,
    nonce: [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
  attached.uploaded = upload(request, file, section.dataset.channel, (part) => (progress.value = part)).then(
    (id) => ({ media: id, kind, filename: file.name }),
    (error) => {
      attached.failed = true;
      const word = document.createElement("span");
      word.className = "error";
      word.setAttribute("role", "alert");
      word.textContent = error.detail || frame.dataset.kind;
      progress.replaceWith(word);
      throw error;
    },
  );
  attached.uploaded.catch(() => {}); // it is shown above
  remove.addEventListener("click", () => {
    request.abort();
    item.remove();
    files = files.filter((other) => other !== attached);
  });
  return attached;
}

function picture(file, kind) {
  if (kind !== "image") return document.createTextNode("");
  const image = document.createElement("img");
  image.alt = "";
  image.src = URL.createObjectURL(file);
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  return image;
}

function upload(request, file, channel, tell) {
  return new Promise((done, fail) => {
    request.open("POST", `/api/media?channel=${channel}&filename=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && tell(event.loaded / event.total));
    request.addEventListener("load", () => {
      if (request.status === 201) done(request.response.id);
      else fail({ detail: request.response?.detail });
    });
    for (const end of ["error", "abort"]) request.addEventListener(end, () => fail({}));
    request.send(file);
  });
}
