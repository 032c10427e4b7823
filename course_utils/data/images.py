"""Real images that installed packages ship: digits, faces, photographs. Nothing is downloaded.

scikit-learn and scikit-image are imported where they are needed: they take two seconds to load.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from course_utils.data.dataset import Dataset, Provenance, split_arrays
from course_utils.data.splits import split_rows

# Name -> who made it, licence.
_SKIMAGE = {
    "astronaut": ("NASA, portrait of Eileen Collins", "public domain"),
    "brick": ("CC0Textures, Bricks25", "CC0-1.0"),
    "camera": ("Lav Varshney", "CC0-1.0"),
    "cell": ("P. Müller et al., Optics Express 26(8), 2018", "CC0-1.0"),
    "chelsea": ("Stefan van der Walt", "CC0-1.0"),
    "coffee": ("Rachel Michetti", "CC0-1.0"),
    "coins": ("Brooklyn Museum Collection", "no known copyright restrictions"),
    "grass": ("linolafett, DeviantArt, Grass 01", "CC0-1.0"),
    "gravel": ("CC0Textures, Gravel04", "CC0-1.0"),
    "hubble_deep_field": ("NASA, Hubble eXtreme Deep Field", "public domain"),
    "immunohistochemistry": (
        "Center for Microscopy and Molecular Imaging",
        "no known copyright restrictions",
    ),
    "microaneurysms": ("Andreas Maier, High-Resolution Fundus Image Database", "CC0-1.0"),
    "retina": ("Mikael Häggström, WikiJournal of Medicine 1(2), 2014", "CC0-1.0"),
    "rocket": ("SpaceX, launch of DSCOVR", "public domain"),
}
_SKLEARN = {
    "china": ("danielbuechele, Flickr", "CC BY 2.0"),
    "flower": ("vultilion, Flickr", "CC BY 2.0"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Photograph:
    """One image and where it comes from.

    Args:
        pixels: red, green, blue from 0 to 1.
        provenance: maker and licence.
    """

    pixels: Float32[np.ndarray, "height width 3"]
    provenance: Provenance

    def __repr__(self) -> str:
        """Name and size."""
        height, width, _ = self.pixels.shape
        return f"Photograph({self.provenance.name}: {height} × {width})"


def photograph(name: str) -> Photograph:
    """A photograph, texture or medical image by name, as scikit-image and scikit-learn ship it.

    Args:
        name: astronaut, brick, camera, cell, chelsea, china, coffee, coins, flower, grass, gravel,
            hubble_deep_field, immunohistochemistry, microaneurysms, retina or rocket.

    Returns:
        The image in three channels; a grey one has three equal channels.

    Raises:
        ValueError: an unknown name.

    >>> photograph("chelsea")
    Photograph(chelsea: 300 × 451)
    """
    if name in _SKIMAGE:
        import skimage.data

        (maker, licence), package = _SKIMAGE[name], "scikit-image"
        pixels = getattr(skimage.data, name)()
    elif name in _SKLEARN:
        (maker, licence), package = _SKLEARN[name], "scikit-learn"
        from sklearn import datasets

        pixels = datasets.load_sample_image(f"{name}.jpg")
    else:
        raise ValueError(f"photograph knows {', '.join(sorted(_SKIMAGE | _SKLEARN))}; got {name!r}.")
    scaled = pixels.astype(np.float32) / 255
    if scaled.ndim == 2:
        scaled = np.repeat(scaled[:, :, None], 3, axis=2)
    return Photograph(scaled, Provenance(name, f"{maker}; shipped by {package}", licence))


def digits(rng: np.random.Generator) -> Dataset:
    """1,797 handwritten digits of 8 × 8 pixels, each class split 60/20/20.

    The images come from 13 people, but nothing says who wrote which: the same hand is on all three
    sides, so accuracy on a new person's digits is unknown.

    Args:
        rng: decides which image falls into which split.

    Returns:
        x float32 `[rows, 8, 8]`, ink from 0 to 1; y int64 `[rows]`, the digit.

    E. Alpaydin, C. Kaynak, Cascading Classifiers, Kybernetika 34(4), 1998.

    >>> digits(np.random.default_rng(0))
    Dataset(digits: train 1078, val 360, test 359; x float32[rows, 8, 8], y int64[rows])
    """
    from sklearn import datasets

    bunch = datasets.load_digits()
    x = (bunch.images / 16).astype(np.float32)
    y = bunch.target.astype(np.int64)
    provenance = Provenance(
        "digits",
        "E. Alpaydin, C. Kaynak, UCI Repository 1998; shipped by scikit-learn",
        "CC BY 4.0",
        note="13 writers, not identified: every split holds all of them.",
    )
    return split_arrays(x, y, split_rows(len(y), rng=rng, stratify=y), provenance)


def faces(rng: np.random.Generator) -> Dataset:
    """100 faces and 100 pieces of background of 25 × 25 grey pixels, each class split 60/20/20.

    Nothing says whose face it is: these are faces to detect, not people to recognise.

    Args:
        rng: decides which image falls into which split.

    Returns:
        x float32 `[rows, 25, 25]`, grey from 0 to 1; y int64 `[rows]`, 1 for a face.

    G. Huang, M. Mattar, H. Lee, E. Learned-Miller, Learning to Align from Scratch, NIPS 2012.

    >>> faces(np.random.default_rng(0))
    Dataset(faces: train 120, val 40, test 40; x float32[rows, 25, 25], y int64[rows])
    """
    import skimage.data

    x = skimage.data.lfw_subset().astype(np.float32)
    y = np.repeat(np.array([1, 0], dtype=np.int64), 100)
    provenance = Provenance(
        "faces",
        "Labeled Faces in the Wild, G. Huang et al. 2012; 200 patches shipped by scikit-image",
        "none stated by its makers; scikit-image ships it under BSD-3-Clause",
        note="Faces of public figures in the news, without identities.",
    )
    return split_arrays(x, y, split_rows(len(y), rng=rng, stratify=y), provenance)
