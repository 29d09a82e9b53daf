"""What a document tells of a data set: its name, its classes, how many images, how many twice."""

from report.stage import Metrics, quantity


class SplitCounts(Metrics):
    """The part of a stage's metrics that is about its data, shared by those on the same split."""

    dataset_title: str = quantity("the data set's name in the document")
    class_names: list[str] = quantity("the classes in the order of their labels")
    classes: int = quantity("classes, a count")
    train: int = quantity("training images, a count")
    test: int = quantity("test images, a count")
    duplicate_groups: int = quantity("groups of byte-identical images in train and test, a count")
    test_duplicates: int = quantity("test images that are also training images, a count")
    conflicting_duplicates: int = quantity("of those, under a different label, a count")
