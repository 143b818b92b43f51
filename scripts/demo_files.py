"""Makes a folder such as a pathology department would deposit: a slide scan, a mammogram and a report. Nobody is real.

Run it alone with `python -m scripts.demo_files FOLDER`.
"""

import sys
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import tifffile
from fpdf import FPDF
from numpy.typing import NDArray
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

PATIENT_NAME = "Demo Patient"
RECORD_NUMBER = "DEMO-0001"
BIRTH_DATE = date(1970, 1, 1)

SLIDE_SHAPE = (5632, 4864)
"""Pixels, rows first; with its smaller levels some 110 MB uncompressed."""
SLIDE_LEVELS = 5
MICROMETRES_A_PIXEL = 0.5
NUCLEI = 40_000

# Optical densities of red, green and blue for one unit of stain: QuPath's defaults for H&E.
HAEMATOXYLIN = np.array([0.651, 0.701, 0.290], np.float32)
EOSIN = np.array([0.216, 0.801, 0.558], np.float32)

Bytes = NDArray[np.uint8]
Densities = NDArray[np.float32]


def make_demo_files(folder: Path) -> Path:
    """Write the demonstration files under ``folder``, which may exist, and return it."""
    for name in ("slides", "radiology", "reports"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_slide(folder / "slides" / "DEMO-0001 A1 H&E (20x).tiff")
    write_mammogram(folder / "radiology" / "left CC.dcm")
    write_report(folder / "reports" / "pathology report.pdf")
    (folder / "reports" / "no addendum.txt").touch()
    return folder


def write_slide(path: Path) -> None:
    """A tiled pyramid of pages, each half the size of the one before, as OpenSlide and tifffile read it."""
    level = synthetic_tissue(*SLIDE_SHAPE)
    about = f"Synthetic tissue for demonstration, {MICROMETRES_A_PIXEL} um a pixel"
    with tifffile.TiffWriter(path) as tiff:
        for number in range(SLIDE_LEVELS):
            pixels_a_centimetre = 1e4 / (MICROMETRES_A_PIXEL * 2**number)
            tiff.write(
                level,
                tile=(256, 256),
                photometric="rgb",
                subfiletype=int(number > 0),
                resolution=(pixels_a_centimetre, pixels_a_centimetre),
                resolutionunit="CENTIMETER",
                description=None if number else about,
                metadata=None,
            )
            level = halved(level)


def synthetic_tissue(rows: int, columns: int) -> Bytes:
    """Pink stroma with purple nuclei on white glass, uint8 RGB of shape (rows, columns, 3)."""
    random = np.random.default_rng(20)
    tissue = np.clip(smooth_noise(random, rows, columns, 900) * 6 - 2.4, 0, 1)
    fibres = smooth_noise(random, rows, columns, 24)
    eosin = tissue * (0.12 + 0.3 * fibres)
    haematoxylin = tissue * (0.1 + stamped_nuclei(random, rows, columns))
    return stained(haematoxylin, eosin)


def smooth_noise(random: np.random.Generator, rows: int, columns: int, grain: int) -> Densities:
    """Values from 0 to 1 that change over some ``grain`` pixels: random knots, straight lines between them."""
    knots = random.random((rows // grain + 2, columns // grain + 2), np.float32)
    down, across = np.arange(rows) / grain, np.arange(columns) / grain
    tall = between(knots, down)
    return between(tall.T, across).T


def between(knots: Densities, places: NDArray[np.float64]) -> Densities:
    """The knots' rows, interpolated linearly at ``places``."""
    first = places.astype(np.intp)
    share = (places - first).astype(np.float32)[:, None]
    return knots[first] * (1 - share) + knots[first + 1] * share


def stamped_nuclei(random: np.random.Generator, rows: int, columns: int) -> Densities:
    """Round nuclei of 5 to 10 micrometres, thrown about."""
    layer = np.zeros((rows, columns), np.float32)
    stamps = [disc(radius) for radius in range(5, 11)]
    tops, lefts = random.integers(0, rows - 21, NUCLEI), random.integers(0, columns - 21, NUCLEI)
    for top, left, which in zip(tops, lefts, random.integers(0, len(stamps), NUCLEI), strict=True):
        stamp = stamps[which]
        under = layer[top : top + len(stamp), left : left + len(stamp)]
        np.maximum(under, stamp, out=under)
    return layer


def disc(radius: int) -> Densities:
    """A nucleus: dense, with a soft rim."""
    steps = np.arange(-radius, radius + 1, dtype=np.float32)
    distance = np.hypot(steps[:, None], steps[None, :])
    return np.clip((radius - distance) / 2, 0, 0.9).astype(np.float32)


def stained(haematoxylin: Densities, eosin: Densities) -> Bytes:
    """The light that passes through two stains (Beer-Lambert), looked up in a table of 64 by 64 densities."""
    steps = np.linspace(0, 1, 64, dtype=np.float32)
    density = steps[:, None, None] * HAEMATOXYLIN + steps[None, :, None] * EOSIN
    table = (245 * np.exp(-1.6 * density)).astype(np.uint8)
    return table[as_steps(haematoxylin), as_steps(eosin)]


def as_steps(density: Densities) -> Bytes:
    """Which of 64 steps each density is nearest to."""
    return (np.clip(density, 0, 1) * 63).astype(np.uint8)


def halved(level: Bytes) -> Bytes:
    """Every two by two pixels averaged; a last odd row or column is dropped."""
    rows, columns = (side // 2 * 2 for side in level.shape[:2])
    quarters = [level[top:rows:2, left:columns:2].astype(np.uint16) for top in (0, 1) for left in (0, 1)]
    return np.asarray((quarters[0] + quarters[1] + quarters[2] + quarters[3] + 2) // 4, np.uint8)


def write_mammogram(path: Path) -> None:
    """A left craniocaudal mammogram for presentation (DICOM PS3.3 A.26.1), 3000 by 2400 pixels of 16 bits."""
    image = pydicom.Dataset()
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    describe_patient_and_study(image)
    describe_mammogram(image)
    image.set_pixel_data(synthetic_breast(3000, 2400), "MONOCHROME2", bits_stored=12)
    image.save_as(path, enforce_file_format=True)


def describe_patient_and_study(image: pydicom.Dataset) -> None:
    """Who, when and where: all made up."""
    image.PatientName = "Demo^Patient"
    image.PatientID = RECORD_NUMBER
    image.PatientBirthDate = BIRTH_DATE.strftime("%Y%m%d")
    image.PatientSex = "F"
    image.StudyInstanceUID, image.SeriesInstanceUID = generate_uid(), generate_uid()
    image.StudyDate = image.ContentDate = "20240102"
    image.StudyTime = image.ContentTime = "101500"
    image.AccessionNumber = "DEMO-MG-1"
    image.StudyID = image.SeriesNumber = image.InstanceNumber = "1"
    image.ReferringPhysicianName = ""
    image.Manufacturer = "Synthetic demonstration data"


def describe_mammogram(image: pydicom.Dataset) -> None:
    """Which breast, seen from where, and how to show it."""
    image.Modality = "MG"
    image.PresentationIntentType = "FOR PRESENTATION"
    image.ImageType = ["DERIVED", "PRIMARY"]
    image.BodyPartExamined = "BREAST"
    image.Laterality = image.ImageLaterality = "L"
    image.ViewPosition = "CC"
    image.PatientOrientation = ["A", "R"]
    image.ImagerPixelSpacing = image.PixelSpacing = [0.07, 0.07]
    image.PresentationLUTShape = "IDENTITY"
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = "0", "1", "US"
    image.WindowCenter, image.WindowWidth = "2048", "4096"
    image.BurnedInAnnotation = "NO"


def synthetic_breast(rows: int, columns: int) -> NDArray[np.uint16]:
    """Half an ellipse on the chest wall at the left edge, with a dense spot; values below 4096."""
    random = np.random.default_rng(21)
    down = np.linspace(-1.1, 1.1, rows, dtype=np.float32)[:, None]
    across = np.linspace(0, 1.25, columns, dtype=np.float32)[None, :]
    thickness = np.sqrt(np.clip(1 - down**2 - across**2, 0, 1))
    gland = smooth_noise(random, rows, columns, 90) * 0.6 + smooth_noise(random, rows, columns, 17) * 0.25
    spot = np.exp(-((down - 0.2) ** 2 + (across - 0.5) ** 2) / 0.002)
    return np.asarray(thickness * (700 + 2300 * gland + 900 * spot), np.uint16)


def write_report(path: Path) -> None:
    """One page of a pathology report that says what it is."""
    pdf = FPDF()
    pdf.set_compression(False)  # so that a reader of the raw bytes finds the words too
    pdf.add_page()
    pdf.set_font("Helvetica", "B", 16)
    pdf.cell(text="Pathology report (demonstration)", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", size=11)
    pdf.multi_cell(0, text=report_text())
    pdf.output(str(path))


def report_text() -> str:
    """The report's words."""
    return f"""
Patient: {PATIENT_NAME} (nobody real)
Born: {BIRTH_DATE}
Record number: {RECORD_NUMBER}
Accession number: DEMO-S-1

Specimen: A, left breast, core needle biopsy, 10 o'clock.
Slide: A1, haematoxylin and eosin, scanned at {MICROMETRES_A_PIXEL} micrometres a pixel.

Diagnosis: none. Every pixel and every word of these files was made by a program for demonstration.
"""


if __name__ == "__main__":
    sys.stdout.write(f"{make_demo_files(Path(sys.argv[1]))}\n")
