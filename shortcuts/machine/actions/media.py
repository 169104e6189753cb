"""Images, photos and music. Pictures are opaque: what is known of one is its name, its format, its size and how it came to be.

A picture that is changed is a new one, made of the old: equal changes of equal pictures are equal. What would need its pixels is unknown.
"""

from __future__ import annotations

from typing import Any

from shortcuts.machine import convert, values
from shortcuts.machine.registry import Call, action
from shortcuts.machine.values import File, Record, Unknown, Untold, items, one_or_many, origin


def _images(call: Call, key: str = "WFInput") -> list[File]:
    return [found for item in call.items(key) if (found := convert.image(item, call.place)) is not None]


def _made(call: Call, image: File, how: str, *, name: str = "", **facts: Any) -> File:
    """Return a picture that was made of another one."""
    made = origin(how, "of", image.facts.get("made") or image.facts.get("path") or image.name)
    return File(
        name or image.name,
        "image",
        None,
        {**{key: image.facts[key] for key in ("width", "height") if key in image.facts}, **facts, "made": made},
    )


@action("is.workflow.actions.detect.images", source="user guide: Get Images from Input")
def detect_images(call: Call) -> Any:
    return one_or_many(_images(call))


@action("is.workflow.actions.image.convert", source="user guide: Convert Image")
def convert_image(call: Call) -> Any:
    kind = call.choice("WFImageFormat", "JPEG")
    extension = {"JPEG": "jpg", "Match Input": ""}.get(kind, kind.lower().split(" ")[0])
    return one_or_many([_made(call, image, f"{kind}", name=f"{image.stem}.{extension or image.extension}") for image in _images(call)])


@action(
    "is.workflow.actions.image.resize",
    source="user guide: Resize Image",
    assumed="a missing width or height follows the shape of the image",
)
def resize(call: Call) -> Any:
    kind = call.choice("WFImageResizeKey", "Size")
    made = []
    for image in _images(call, "WFImage"):
        width, height = image.facts.get("width"), image.facts.get("height")
        size = _resized(call, kind, width, height)
        made.append(
            _made(
                call, image, f"resize {kind} {size}", **{key: value for key, value in zip(("width", "height"), size) if value is not None}
            )
        )
    return one_or_many(made)


def _resized(call: Call, kind: str, width: Any, height: Any) -> tuple[Any, Any]:
    """Return the size of a resized image; a side that is not known is None."""
    known = isinstance(width, int | float) and isinstance(height, int | float) and width > 0 and height > 0
    if kind == "Percentage":
        share = call.number("WFImageResizePercentage", 50) / 100
        return (round(width * share), round(height * share)) if known else (None, None)
    if kind == "Longest Edge":
        edge = call.number("WFImageResizeLength", 640)
        return (round(width * edge / max(width, height)), round(height * edge / max(width, height))) if known else (None, None)
    new_width = call.number("WFImageResizeWidth", 640) if call.has("WFImageResizeWidth") else None
    new_height = call.number("WFImageResizeHeight", 0) if call.has("WFImageResizeHeight") else None
    if new_width is None and new_height is None:
        new_width = 640
    if new_height is None:
        new_height = round(height * new_width / width) if known else None
    if new_width is None:
        new_width = round(width * new_height / height) if known else None
    return new_width, new_height


@action("is.workflow.actions.image.crop", source="user guide: Crop Image")
def crop(call: Call) -> Any:
    width, height = call.number("WFImageCropWidth", 100), call.number("WFImageCropHeight", 100)
    place = call.choice("WFImageCropPosition", "Center")
    at = (call.number("WFImageCropX", 0), call.number("WFImageCropY", 0)) if place == "Custom" else place
    return one_or_many([_made(call, image, f"crop {at} {width}x{height}", width=width, height=height) for image in _images(call)])


@action("is.workflow.actions.overlayimageonimage", source="user guide: Overlay Image")
def overlay(call: Call) -> Any:
    images, over = _images(call), _images(call, "WFImage")
    if not images or not over:
        return one_or_many(images)
    what = [
        call.get(key)
        for key in ("WFImagePosition", "WFImageX", "WFImageY", "WFImageWidth", "WFImageHeight", "WFRotation", "WFOverlayImageOpacity")
    ]
    return one_or_many([_made(call, image, f"overlay {over[0].facts.get('made') or over[0].name} {what}") for image in images])


@action("is.workflow.actions.image.combine", source="user guide: Combine Images")
def combine(call: Call) -> Any:
    images = _images(call)
    if not images:
        return None
    mode, gap = call.choice("WFImageCombineMode", "Horizontally"), call.number("WFImageCombineSpacing", 0)
    sizes = [(image.facts.get("width"), image.facts.get("height")) for image in images]
    facts: dict[str, Any] = {}
    if all(isinstance(side, int | float) for size in sizes for side in size) and mode in ("Horizontally", "Vertically"):
        along, across = (0, 1) if mode == "Horizontally" else (1, 0)
        total = sum(size[along] for size in sizes) + gap * (len(images) - 1)
        facts = dict(zip(("width", "height") if along == 0 else ("height", "width"), (total, max(size[across] for size in sizes))))
    return _made(
        call, images[0], f"combine {mode} {[image.facts.get('made') or image.name for image in images]}", name="Combined Image.png", **facts
    )


@action("is.workflow.actions.image.mask", source="user guide: Mask Image")
def mask(call: Call) -> Any:
    kind = call.choice("WFMaskType", "Rounded Rectangle")
    custom = [image.name for image in _images(call, "WFCustomMaskImage")] if kind == "Custom Image" else ""
    return one_or_many([_made(call, image, f"mask {kind} {call.get('WFMaskCornerRadius')} {custom}") for image in _images(call)])


@action("is.workflow.actions.image.rotate", source="user guide: Rotate Image")
def rotate(call: Call) -> Any:
    angle = call.number("WFImageRotateAmount", 90)
    return one_or_many([_made(call, image, f"rotate {angle}") for image in _images(call, "WFImage")])


@action("is.workflow.actions.image.flip", source="user guide: Flip Image")
def flip(call: Call) -> Any:
    how = call.choice("WFImageFlipDirection", "Horizontal")
    return one_or_many([_made(call, image, f"flip {how}") for image in _images(call)])


@action("is.workflow.actions.makegif", source="user guide: Make GIF")
def make_gif(call: Call) -> Any:
    images = _images(call)
    return (
        _made(call, images[0], f"GIF {[image.facts.get('made') or image.name for image in images]}", name=f"{images[0].stem}.gif")
        if images
        else None
    )


@action("is.workflow.actions.avairyeditphoto", "is.workflow.actions.image.removebackground", source="user guide: Markup, Remove Background")
def edited(call: Call) -> Any:
    return one_or_many(
        [
            _made(call, image, call.id.rpartition(".")[2])
            for image in _images(call, "WFDocument" if "WFDocument" in call.parameters else "WFInput")
        ]
    )


@action("is.workflow.actions.encodemedia", source="user guide: Encode Media")
def encode(call: Call) -> Any:
    audio = call.flag("WFMediaAudioOnly")
    made = []
    for item in call.items("WFMedia"):
        found = convert.file(item, call.place)
        if found is not None:
            extension = call.choice("WFMediaAudioFormat", "M4A").lower() if audio else found.extension or "mov"
            titled = call.said(call.get("WFMetadataTitle")) if call.has("WFMetadataTitle") else ""
            made.append(
                File(
                    f"{titled or found.stem}.{extension}",
                    "media",
                    None,
                    {**found.facts, "made": origin("encoded", found.facts.get("made") or found.name)},
                )
            )
    return one_or_many(made)


@action("is.workflow.actions.makespokenaudiofromtext", source="user guide: Make Spoken Audio from Text")
def spoken_audio(call: Call) -> Any:
    return File("Spoken Audio.caf", "media", None, {"made": f"spoken {call.input_text()}"[:300]})


@action("is.workflow.actions.recordaudio", source="user guide: Record Audio")
def record_audio(call: Call) -> Any:
    return File("Recording.m4a", "media", None, {"made": "recorded"})


# ---------------------------------------------------------------------------------------------------------------------------------
# photos


@action(
    "is.workflow.actions.selectphoto",
    "is.workflow.actions.takephoto",
    "is.workflow.actions.takevideo",
    source="user guide: Select Photos, Take Photo",
)
def select_photo(call: Call) -> Any:
    """Return what the person picks or takes."""
    photos = call.records("photos")
    picked = call.run.pick("photos", photos, call.flag("WFSelectMultiplePhotos"))
    if isinstance(picked, str):
        return next((photo for photo in photos if photo.name == picked), File(picked, "image"))
    return picked if picked is not None else call.unknown("image", "picked")


def _latest(call: Call, wanted: Any = None) -> Any:
    """Return the latest photos of the world; those that were added last where they have no date."""
    count = call.whole("WFGetLatestPhotoCount", 1)
    photos = [photo for photo in call.records("photos") if wanted is None or wanted(photo)]
    photos = sorted(photos, key=lambda photo: str(photo.facts.get("created", "")))
    return one_or_many(photos[::-1][: max(count, 0)])


@action("is.workflow.actions.getlastphoto", source="user guide: Get Latest Photos")
def latest_photos(call: Call) -> Any:
    screenshots = call.flag("WFGetLatestPhotosActionIncludeScreenshots", True)
    return _latest(call, None if screenshots else lambda photo: not photo.facts.get("is_a_screenshot"))


@action("is.workflow.actions.getlastscreenshot", source="user guide: Get Latest Screenshots")
def latest_screenshots(call: Call) -> Any:
    return _latest(call, lambda photo: photo.facts.get("is_a_screenshot"))


@action("is.workflow.actions.takescreenshot", source="user guide: Take Screenshot")
def screenshot(call: Call) -> Any:
    device = call.run.state.read("device")
    return File(
        "Screenshot.png",
        "image",
        None,
        {"width": device["screen_width"], "height": device["screen_height"], "is_a_screenshot": True, "made": "screenshot"},
    )


@action("is.workflow.actions.savetocameraroll", source="user guide: Save to Photo Album")
def save_photo(call: Call) -> Any:
    value = call.input()
    album = call.shown("WFCameraRollSelectedGroup", "Recents")
    for item in items(value):
        try:
            image = convert.image(item, call.place) or convert.file(item, call.place)
        except Untold as untold:
            image = untold.unknown
        call.effect("saved", to="Photos", album=album, value=image)
        if isinstance(image, File):
            call.run.state.write("photos").append(
                File(image.name, image.kind, image.data, {**image.facts, "Album": album, "created": call.place.now})
            )
    return value


@action("is.workflow.actions.deletephotos", source="user guide: Delete Photos")
def delete_photos(call: Call) -> Any:
    gone = items(call.input("photos"))
    for photo in gone:
        call.effect("deleted", photo=photo)
    call.remove("photos", gone)
    return None


@action("is.workflow.actions.wallpaper.set", source="user guide: Set Wallpaper")
def wallpaper(call: Call) -> Any:
    value = call.input()
    call.effect("set", wallpaper=value)
    return value


# ---------------------------------------------------------------------------------------------------------------------------------
# music


@action("is.workflow.actions.getcurrentsong", source="user guide: Get Current Song")
def current_song(call: Call) -> Any:
    song = call.run.state.read("device")["song"]
    return Record("song", song) if isinstance(song, dict) else song


@action("is.workflow.actions.playmusic", source="user guide: Play Music")
def play(call: Call) -> Any:
    value = call.input("WFMediaItems")
    if isinstance(value, dict) and not isinstance(value.get("Title"), Unknown):
        value = values.first(value.get("Value", value))
    call.effect("played", value=value)
    return value


@action(
    "is.workflow.actions.pausemusic",
    "is.workflow.actions.skipforward",
    "is.workflow.actions.skipback",
    "is.workflow.actions.clearupnext",
    source="user guide: Play/Pause, Skip Forward, Skip Back, Clear Up Next",
)
def control_music(call: Call) -> Any:
    call.effect("played", control=call.id.rpartition(".")[2])
    return call.run.previous


@action(
    "is.workflow.actions.addtoplaylist",
    "is.workflow.actions.addmusictoupnext",
    "is.workflow.actions.createplaylist",
    source="user guide: Add to Playlist, Add Music to Up Next, Create Playlist",
)
def to_playlist(call: Call) -> Any:
    value = call.input({"addmusictoupnext": "WFMusic", "createplaylist": "WFPlaylistItems"}.get(call.id.rpartition(".")[2], "WFInput"))
    call.effect("saved", to="playlist", name=call.shown("WFPlaylistName", "Up Next"), value=value)
    return value


@action("is.workflow.actions.setplaybackdestination", source="user guide: Set Playback Destination")
def playback(call: Call) -> Any:
    call.effect("set", playback=call.get("WFMediaRoute"))
    return call.run.previous


@action("is.workflow.actions.get.playlist", source="user guide: Get Playlist")
def playlist(call: Call) -> Any:
    """Return the songs of the world whose Playlist is the one named."""
    name = call.shown("WFPlaylistName")
    songs = [song for song in call.records("songs") if name in items(song.get("Playlist"))]
    return one_or_many(songs) if songs else call.unknown("list", name)
