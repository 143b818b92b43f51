"""The demonstration files are what they say they are, for the readers that people use."""

from pathlib import Path

import pydicom
import pytest
import tifffile

from scripts.demo_files import PATIENT_NAME, SLIDE_LEVELS, SLIDE_SHAPE, make_demo_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_demo_files(tmp_path_factory.mktemp("demo"))


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.rglob(pattern)
    return path


def test_the_slide_is_a_tiled_pyramid_of_some_hundred_megabytes(folder):
    path = only(folder, "*.tiff")
    with tifffile.TiffFile(path) as tiff:
        (series,) = tiff.series
        shapes = [level.shape for level in series.levels]
        assert all(page.is_tiled for page in tiff.pages)
    assert shapes == [(SLIDE_SHAPE[0] >> n, SLIDE_SHAPE[1] >> n, 3) for n in range(SLIDE_LEVELS)]
    assert 100e6 < path.stat().st_size < 130e6


def test_the_slide_says_how_large_a_pixel_is(folder):
    with tifffile.TiffFile(only(folder, "*.tiff")) as tiff:
        assert tiff.pages[0].get_resolution("MICROMETER") == pytest.approx((2, 2))
        assert tiff.pages[1].get_resolution("MICROMETER") == pytest.approx((1, 1))


def test_the_slide_shows_purple_nuclei_in_pink_tissue_on_white_glass(folder):
    with tifffile.TiffFile(only(folder, "*.tiff")) as tiff:
        red, green, blue = tiff.series[0].levels[-1].asarray().reshape(-1, 3).astype(int).T
    glass = (red > 230) & (green > 230) & (blue > 230)
    pink = ~glass & (red >= blue) & (red > green)
    purple = ~glass & (blue > red) & (red > green)
    assert min(glass.mean(), pink.mean(), purple.mean()) > 0.01
    assert (glass | pink | purple).mean() > 0.9


def test_the_mammogram_opens_as_a_left_craniocaudal_view(folder):
    image = pydicom.dcmread(only(folder, "*.dcm"))
    assert image.SOPClassUID == image.file_meta.MediaStorageSOPClassUID == "1.2.840.10008.5.1.4.1.1.1.2"
    assert image.SOPInstanceUID == image.file_meta.MediaStorageSOPInstanceUID
    assert (image.Modality, image.ImageLaterality, image.ViewPosition) == ("MG", "L", "CC")
    assert image.PresentationIntentType == "FOR PRESENTATION"
    assert image.pixel_array.shape == (3000, 2400)
    assert image.pixel_array.dtype == "uint16"
    assert 0 < image.pixel_array.std() < image.pixel_array.max() < 4096


def test_the_report_is_a_pdf_that_names_nobody_real(folder):
    content = only(folder, "*.pdf").read_bytes()
    assert content.startswith(b"%PDF-1.")
    assert content.rstrip().endswith(b"%%EOF")
    assert f"Patient: {PATIENT_NAME} (nobody real)".encode() in content.replace(b"\\(", b"(").replace(b"\\)", b")")


def test_one_of_the_files_is_empty_as_real_folders_have_them(folder):
    assert [path.name for path in folder.rglob("*") if path.is_file() and not path.stat().st_size] == [
        "no addendum.txt"
    ]


def test_making_them_again_in_the_same_folder_works(folder):
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    make_demo_files(folder)
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before
