"""Data sets as they lie on disk: every layout is recognised, nothing is dropped silently, splits keep together."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakeface.errors import SettingsError
from fakeface.training.formats.layouts import LAYOUTS, Listing, read_source, recognise
from fakeface.training.formats.rle import Rle
from fakeface.training.formats.skips import Skipped
from fakeface.training.formats.splits import Draft, SplitRule, assign, hashed_split
from fakeface.training.manifest import read_faces
from fakeface.training.prepare import prepare

from .faces_data import FACE_BOX, photograph

FORGED = (150, 50, 300, 200)


def picture(path: Path, size: int = 512) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photograph()).resize((size, size)).save(path)


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))


def told(listing: Listing) -> dict[str, str]:
    return {one.path: one.reason for one in listing.skipped}


def faceforensics(root: Path) -> None:
    touch(
        root,
        "original_sequences/youtube/c23/videos/000.mp4",
        "original_sequences/youtube/c40/videos/000.mp4",
        "original_sequences/youtube/c23/images/003/0000.png",
        "original_sequences/youtube/c23/images/003/0001.png",
        "original_sequences/actors/c23/videos/01__walking.mp4",
        "manipulated_sequences/Deepfakes/c23/videos/000_003.mp4",
        "manipulated_sequences/Deepfakes/masks/videos/000_003.mp4",
        "manipulated_sequences/Face2Face/c23/images/071_054/0000.png",
        "manipulated_sequences/Face2Face/masks/images/071_054/0000.png",
        "manipulated_sequences/NeuralTextures/c23/videos/000_071.mp4",
        "manipulated_sequences/DeepFakeDetection/c23/videos/01_02__walking__ABCDEFGH.mp4",
        "manipulated_sequences/Novelty/c23/videos/000_003.mp4",
    )
    write(root / "splits/train.json", [["000", "003"]])
    write(root / "splits/test.json", [["071", "054"]])


def celebdf(root: Path) -> None:
    touch(root, "Celeb-real/id0_0000.mp4", "Celeb-real/id1_0000.mp4", "YouTube-real/00170.mp4")
    touch(root, "Celeb-synthesis/id0_id1_0000.mp4", "Celeb-synthesis/frames/id1_id0_0000/0.png")
    tests = ["1 YouTube-real/00170.mp4", "0 Celeb-synthesis/id0_id1_0000.mp4", "1 Celeb-real/id9_0009.mp4", "2 x.mp4"]
    write(root / "List_of_testing_videos.txt", "\n".join(tests) + "\n")


def dfdc(root: Path) -> None:
    touch(root, "dfdc_train_part_0/aaa.mp4", "dfdc_train_part_0/bbb.mp4", "dfdc_train_part_0/zzz.mp4")
    entries = {
        "aaa.mp4": {"label": "FAKE", "split": "train", "original": "bbb.mp4"},
        "bbb.mp4": {"label": "REAL", "split": "train"},
        "ccc.mp4": {"label": "REAL", "split": "train"},
        "ddd.mp4": {"label": "PERHAPS", "split": "train"},
        "eee.mp4": 5,
    }
    write(root / "dfdc_train_part_0/metadata.json", entries)
    write(root / "dfdc_train_part_1/metadata.json", '{"aaa.mp4": {')


def dffd(root: Path) -> None:
    touch(root, "ffhq/train/1.png", "ffhq/validation/2.png", "faceapp/test/3.png", "faceapp/mask/test/3.png")
    touch(root, "pggan_v1/train/4.png", "Face2Face/train/5.png", "newgan/train/6.png")


def openforensics(root: Path) -> None:
    picture(root / "Images/Val/a.jpg")
    x0, y0, x1, y1 = FORGED
    polygon = [[x0, y0, x1, y0, x1, y1, x0, y1]]
    face = {"bbox": [x0, y0, x1 - x0, y1 - y0], "segmentation": polygon, "iscrowd": 0, "area": 1}
    images = [
        {"id": 0, "file_name": "Images/Val/a.jpg", "width": 512, "height": 512},
        {"id": 1, "file_name": "Images/Val/gone.jpg", "width": 512, "height": 512},
        {"id": 2, "file_name": "../../outside.jpg", "width": 512, "height": 512},
    ]
    faces = [
        {"id": 0, "image_id": 0, "category_id": 1, **face},
        {"id": 1, "image_id": 0, "category_id": 0, **face, "bbox": [0, 0, 40, 40]},
        {"id": 2, "image_id": 1, "category_id": 1, **face},
        {"id": 3, "image_id": 0, "category_id": 7, **face},
        {"id": 4, "image_id": 0, "category_id": 1, **face, "segmentation": [[0, 0, 900, 0, 900, 900]]},
        {"id": 5, "image_id": 2, "category_id": 1, **face},
        {"id": 6, "image_id": 99, "category_id": 1, **face},
        {"id": 7, "image_id": 0, "category_id": 1, **face, "bbox": [0, 0, -4, 9]},
        "nonsense",
    ]
    categories = [{"id": 0, "name": "Real"}, {"id": 1, "name": "Fake"}]
    write(root / "Val_poly.json", {"images": images, "annotations": faces, "categories": categories})


def owffa(root: Path) -> None:
    touch(root, "pgc/imgs/a.png", "pgc/imgs/b.png", "pgc/imgs/unlisted.png", "multiattack/imgs/c.png")
    write(root / "pgc/pgc.json", {"a.png": "Real", "b.png": "Fake", "gone.png": "Fake", "odd.png": "Maybe"})
    write(root / "multiattack/multiattack.json", {"c.png": ["Fake", "Facial attribute manipulation"]})
    touch(root, "dfd/imgs/d.png")


def folders(root: Path) -> None:
    touch(root, "real/a.png", "fake/a.png", "real/walk_frame001.png", "real/walk_frame002.png", "fake/walk_frame1.png")


MAKERS = {
    "faceforensics": faceforensics,
    "celebdf": celebdf,
    "dfdc": dfdc,
    "dffd": dffd,
    "openforensics": openforensics,
    "owffa": owffa,
    "folders": folders,
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_recognised_and_its_rows_are_unique(name: str, tmp_path: Path) -> None:
    MAKERS[name](tmp_path)
    assert recognise(tmp_path) == name
    listing = read_source(tmp_path)
    assert listing == read_source(tmp_path, name)
    assert listing.layout == name
    places = Counter((row.path, row.given_box) for row in listing.rows)
    assert max(places.values()) == 1
    assert all((tmp_path / row.path).is_file() for row in listing.rows)
    assert all((row.label == "real") == (row.forgery == "real") for row in listing.rows)


def test_an_unknown_layout_is_refused_and_everything_looked_for_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "pictures/a.png")
    with pytest.raises(SettingsError) as refused:
        recognise(tmp_path)
    for name, layout in LAYOUTS.items():
        assert f"{name}: {layout.sign}" in str(refused.value)
    with pytest.raises(SettingsError, match=r"not laid out as dfdc: looked for metadata\.json"):
        read_source(tmp_path, "dfdc")
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(SettingsError, match="not laid out as dffd"):
        read_source(tmp_path / "file.txt", "dffd")


def test_faceforensics_gives_methods_levels_masks_and_official_splits(tmp_path: Path) -> None:
    faceforensics(tmp_path)
    listing = read_source(tmp_path)
    rows = {row.path: row for row in listing.rows}
    swap = rows["manipulated_sequences/Deepfakes/c23/videos/000_003.mp4"]
    assert (swap.forgery, swap.split, swap.source) == ("identity_swap", "train", "Deepfakes c23")
    assert swap.videos == ("faceforensics/000", "faceforensics/003")
    assert swap.mask == "manipulated_sequences/Deepfakes/masks/videos/000_003.mp4"
    frame = rows["manipulated_sequences/Face2Face/c23/images/071_054/0000.png"]
    assert (frame.forgery, frame.split) == ("reenactment", "dev")
    assert frame.mask == "manipulated_sequences/Face2Face/masks/images/071_054/0000.png"
    levels = {row.source for row in listing.rows if row.videos == ("faceforensics/000",)}
    assert levels == {"youtube c23", "youtube c40"}
    assert [row.split for row in listing.rows if row.videos == ("faceforensics/003",)] == ["train", "train"]
    actors = [row for row in listing.rows if "faceforensics/actor01" in row.identities]
    assert len(actors) == 2
    assert {row.videos for row in actors} == {("faceforensics/01__walking",)}
    assert len({row.split for row in actors}) == 1
    assert "unknown method" in told(listing)["manipulated_sequences/Novelty"]
    assert "official splits" in told(listing)["manipulated_sequences/NeuralTextures/c23/000_071"]


def test_broken_split_files_are_told_and_the_hash_decides_instead(tmp_path: Path) -> None:
    faceforensics(tmp_path)
    write(tmp_path / "splits/train.json", "[[")
    write(tmp_path / "splits/test.json", {"no": "list"})
    listing = read_source(tmp_path)
    assert "broken JSON" in told(listing)["train.json"]
    assert told(listing)["test.json"] == "not a list of pairs of videos"
    joined = {row.split for row in listing.rows if {"faceforensics/000", "faceforensics/003"} & set(row.videos)}
    assert len(joined) == 1


def test_celebdf_takes_the_authors_test_list_and_names_persons(tmp_path: Path) -> None:
    celebdf(tmp_path)
    listing = read_source(tmp_path)
    rows = {row.path: row for row in listing.rows}
    fake = rows["Celeb-synthesis/id0_id1_0000.mp4"]
    assert (fake.split, fake.forgery, fake.identities) == ("dev", "identity_swap", ("celebdf/id0", "celebdf/id1"))
    assert fake.videos == rows["Celeb-real/id0_0000.mp4"].videos
    assert rows["YouTube-real/00170.mp4"].split == "dev"
    assert rows["Celeb-synthesis/frames/id1_id0_0000/0.png"].split in ("train", "calib")
    assert told(listing) == {
        "Celeb-real/id9_0009": "missing: named in List_of_testing_videos.txt",
        "List_of_testing_videos.txt:4": "unknown label: '2 x.mp4'",
    }


def test_dfdc_keeps_a_forgery_with_its_original_and_accounts_for_every_entry(tmp_path: Path) -> None:
    dfdc(tmp_path)
    listing = read_source(tmp_path)
    rows = {row.path: row for row in listing.rows}
    assert {path: (row.label, row.videos) for path, row in rows.items()} == {
        "dfdc_train_part_0/aaa.mp4": ("fake", ("dfdc/bbb",)),
        "dfdc_train_part_0/bbb.mp4": ("real", ("dfdc/bbb",)),
    }
    assert len({row.split for row in listing.rows}) == 1
    reasons = told(listing)
    assert reasons.pop("dfdc_train_part_1/metadata.json").startswith("broken JSON")
    assert reasons == {
        "dfdc_train_part_0/ccc.mp4": "missing: named in metadata.json",
        "dfdc_train_part_0/ddd.mp4": "unknown label: 'PERHAPS'",
        "dfdc_train_part_0/eee.mp4": "unknown label: None",
        "dfdc_train_part_0/zzz": "not in metadata.json",
    }


def test_dffd_gives_classes_and_masks_by_subset(tmp_path: Path) -> None:
    dffd(tmp_path)
    listing = read_source(tmp_path)
    assert {(row.path, row.forgery, row.split, row.mask) for row in listing.rows} == {
        ("ffhq/train/1.png", "real", "train", None),
        ("ffhq/validation/2.png", "real", "calib", None),
        ("faceapp/test/3.png", "editing", "dev", "faceapp/mask/test/3.png"),
        ("pggan_v1/train/4.png", "whole_face_synthesis", "train", None),
        ("Face2Face/train/5.png", "reenactment", "train", None),
    }
    assert "unknown subset" in told(listing)["newgan"]


def test_openforensics_gives_one_row_per_face_with_box_and_mask(tmp_path: Path) -> None:
    openforensics(tmp_path)
    listing = read_source(tmp_path)
    forged, real = listing.rows
    assert (forged.path, forged.split, forged.forgery) == ("Images/Val/a.jpg", "calib", "identity_swap")
    assert forged.given_box == FORGED
    assert isinstance(forged.mask, Rle)
    x0, y0, x1, y1 = FORGED
    assert abs(int(forged.mask.pixels().sum()) - (x1 - x0) * (y1 - y0)) < 400
    assert forged.mask.pixels()[(y0 + y1) // 2, (x0 + x1) // 2]
    assert (real.label, real.mask) == ("real", None)
    reasons = [(one.path, one.reason) for one in listing.skipped]
    assert ("Images/Val/gone.jpg", "missing: named in the annotations") in reasons
    assert ("../../outside.jpg", "missing: named in the annotations") in reasons
    assert ("Images/Val/a.jpg", "unknown label: 7") in reasons
    assert any("leaves the picture" in reason for _, reason in reasons)
    assert ("Val_poly.json:annotation 7", "it belongs to a picture that is not listed: 99") in reasons
    assert any("not a box" in reason for _, reason in reasons)
    assert len(reasons) == 7
    assert read_source(tmp_path / "Val_poly.json").rows == listing.rows


def test_owffa_is_dev_as_a_whole_and_what_truth_and_pictures_lack_is_told(tmp_path: Path) -> None:
    owffa(tmp_path)
    listing = read_source(tmp_path)
    assert {(row.path, row.forgery, row.split) for row in listing.rows} == {
        ("pgc/imgs/a.png", "real", "dev"),
        ("pgc/imgs/b.png", "whole_face_synthesis", "dev"),
        ("multiattack/imgs/c.png", "reenactment", "dev"),
    }
    assert told(listing) == {
        "pgc/imgs/gone.png": "missing: named in the ground truth",
        "pgc/imgs/odd.png": "unknown label: 'Maybe'",
        "pgc/imgs/unlisted.png": "not in the ground truth",
        "dfd": "no ground truth (a JSON file beside imgs/)",
    }


def test_one_set_of_the_benchmark_can_be_given_alone(tmp_path: Path) -> None:
    owffa(tmp_path)
    assert {row.path for row in read_source(tmp_path / "pgc").rows} == {"imgs/a.png", "imgs/b.png"}


def test_plain_folders_keep_pairs_and_frames_of_a_clip_together(tmp_path: Path) -> None:
    folders(tmp_path)
    touch(tmp_path, *(f"real/{number}.png" for number in range(400)), *(f"fake/{number}.jpg" for number in range(400)))
    rows = read_source(tmp_path).rows
    by_stem: dict[str, set[str]] = {}
    for row in rows:
        by_stem.setdefault(Path(row.path).stem.partition("_")[0], set()).add(row.split)
    assert all(len(splits) == 1 for splits in by_stem.values())
    counts = Counter(row.split for row in rows)
    assert [counts[split] / len(rows) for split in ("train", "calib", "dev")] == pytest.approx(
        [0.8, 0.1, 0.1], abs=0.05
    )
    assert {row.split for row in read_source(tmp_path, rule=SplitRule(otherwise="dev")).rows} == {"dev"}


def test_many_folders_are_persons_and_few_are_not(tmp_path: Path) -> None:
    touch(tmp_path, *(f"real/person{number}/{shot}.png" for number in range(30) for shot in range(4)))
    rows = read_source(tmp_path).rows
    splits = {video: {row.split for row in rows if row.videos == (video,)} for row in rows for video in row.videos}
    assert len(splits) == 30
    assert all(len(found) == 1 for found in splits.values())
    assert len({split for found in splits.values() for split in found}) > 1
    touch(tmp_path / "few", "real/ffhq/1.png", "real/celeba/2.png")
    assert {row.videos for row in read_source(tmp_path / "few").rows} == {()}


def test_a_given_split_yields_to_the_hash_or_to_one_split_where_that_is_asked(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    lines = [f"{number}.png,real,calib,p{number // 4}" for number in range(200)]
    manifest.write_text("\n".join(["path,label,split,identity", *lines]) + "\n")
    assert {row.split for row in read_source(manifest).rows} == {"calib"}
    assert {row.split for row in read_source(manifest, rule=SplitRule(False, "train")).rows} == {"train"}
    hashed = read_source(manifest, rule=SplitRule(given=False)).rows
    assert {row.split for row in hashed} == {"train", "calib", "dev"}
    persons = {row.identities for row in hashed}
    assert len(persons) == 50
    assert all(len({row.split for row in hashed if row.identities == person}) == 1 for person in persons)


def test_forgeries_that_join_everybody_do_not_put_everybody_into_one_split() -> None:
    from fakeface.answers import ForgeryClass

    names = [f"id{number}" for number in range(60)]
    reals = [Draft(f"{name}.png", ForgeryClass.REAL, "x", identities=(name,)) for name in names]
    fakes = [
        Draft(f"{a}_{b}.png", ForgeryClass.IDENTITY_SWAP, "x", identities=(a, b)) for a in names for b in names if a < b
    ]
    assigned = list(assign([*reals, *fakes], SplitRule()))
    rows = {one.path: one for one in assigned if not isinstance(one, Skipped)}
    skipped = [one for one in assigned if isinstance(one, Skipped)]
    assert len(assigned) == len(reals) + len(fakes)
    assert {rows[f"{name}.png"].split for name in names} == {"train", "calib", "dev"}
    for row in rows.values():
        assert {hashed_split(name) for name in row.identities} == {row.split}
    assert skipped
    assert all("which are in" in one.reason for one in skipped)


def test_small_groups_of_joined_videos_lose_nothing() -> None:
    from fakeface.answers import ForgeryClass

    swap = ForgeryClass.IDENTITY_SWAP
    fakes = [Draft(f"{a}_{a + 1}.mp4", swap, "x", videos=(str(a), str(a + 1))) for a in range(0, 400, 2)]
    reals = [Draft(f"{a}.mp4", ForgeryClass.REAL, "x", videos=(str(a),)) for a in range(400)]
    rows = list(assign([*fakes, *reals], SplitRule()))
    assert not [one for one in rows if isinstance(one, Skipped)]
    by_video: dict[str, set[str]] = {}
    for row in rows:
        assert not isinstance(row, Skipped)
        for video in row.videos:
            by_video.setdefault(video, set()).add(row.split)
    assert all(len(splits) == 1 for splits in by_video.values())


# --- prepared ---------------------------------------------------------------------------------------------------------


def test_preparing_a_data_set_finds_its_faces_and_tells_what_it_leaves_out(tmp_path: Path) -> None:
    root, out = tmp_path / "data", tmp_path / "out"
    openforensics(root)
    counts = prepare(root, out, 1, lambda items, total: items)
    assert counts == {"faces": 1, "skipped": 8}
    [face] = read_faces(out / "faces.jsonl")
    assert face.given_box == FORGED
    x0, y0, x1, y1 = face.box
    assert FACE_BOX[0] - 20 < x0 < x1 < FACE_BOX[2] + 20
    assert FACE_BOX[1] - 20 < y0 < y1 < FACE_BOX[3] + 20
    before = [(out / name).read_bytes() for name in ("faces.jsonl", "skipped.jsonl")]
    skipped = [json.loads(line) for line in before[1].decode().splitlines()]
    here = [one for one in skipped if one.get("given_box") == [0, 0, 40, 40]]
    assert [one["reason"] for one in here] == ["no face found where the data set says that one is"]
    seen: list[int] = []
    prepare(root, out, 1, lambda items, total: seen.append(total) or items)  # type: ignore[func-returns-value]
    assert seen == [0]
    assert before == [(out / name).read_bytes() for name in ("faces.jsonl", "skipped.jsonl")]


def test_videos_missing_pictures_and_masks_of_another_size_are_left_out_with_the_reason(tmp_path: Path) -> None:
    for name in ("good.png", "small_mask.png", "no_mask.png"):
        picture(tmp_path / name, 256)
    Image.fromarray(np.zeros((256, 256), np.uint8)).save(tmp_path / "mask.png")
    Image.fromarray(np.zeros((64, 48), np.uint8)).save(tmp_path / "small.png")
    touch(tmp_path, "clip.mp4")
    lines = [
        "path,label,class,mask,video",
        "good.png,fake,editing,mask.png,a;b",
        "small_mask.png,fake,editing,small.png,",
        "no_mask.png,fake,editing,gone.png,",
        "clip.mp4,real,,,",
        "gone.png,real,,,",
    ]
    (tmp_path / "m.csv").write_text("\n".join(lines) + "\n")
    prepare(tmp_path / "m.csv", tmp_path / "out", 1, lambda items, total: items)
    [face] = read_faces(tmp_path / "out/faces.jsonl")
    assert (face.path, face.mask, face.videos) == ("good.png", "mask.png", ("a", "b"))
    skipped = [json.loads(line) for line in (tmp_path / "out/skipped.jsonl").read_text().splitlines()]
    assert {one["path"]: one["reason"] for one in skipped} == {
        "small_mask.png": "its mask is 48x64 pixels, the picture 256x256",
        "no_mask.png": "its mask cannot be used: the mask gone.png is missing or unreadable",
        "clip.mp4": "a video: only still pictures are prepared, extract its frames first",
        "gone.png": "missing",
    }


def test_the_order_in_which_faces_were_prepared_makes_no_difference(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        picture(tmp_path / name, 256)
    (tmp_path / "m.csv").write_text("path,label\nb.png,real\nc.png,real\na.png,real\n")
    prepare(tmp_path / "m.csv", tmp_path / "out", 1, lambda items, total: items)
    listed = tmp_path / "out" / "faces.jsonl"
    faces = read_faces(listed)
    assert [face.path for face in faces] == ["a.png", "b.png", "c.png"]
    listed.write_text("\n".join(reversed(listed.read_text().splitlines())))
    assert read_faces(listed) == faces


def test_a_prepared_manifest_with_a_broken_line_is_refused_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "faces.jsonl").write_text('\n{"path": "a.png"\n')
    with pytest.raises(SettingsError, match="line 2 is no prepared face"):
        read_faces(tmp_path / "faces.jsonl")
