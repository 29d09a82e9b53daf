"""Handwritten digits, each named after its nearest neighbours among the training images."""

import numpy as np
from pydantic import Field
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from experiments.digits.accuracy import Accuracy, accuracy
from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    neighbours: int = Field(5, ge=1, le=50, description="that vote; scikit-learn's default")
    test_share: float = Field(0.5, gt=0, lt=1, description="many test images make a short interval")
    seed: int = Field(0, description="of the split into training and test images")


class Metrics(stage.Metrics):
    title: str = quantity("the classifier")
    neighbours: int = quantity("neighbours that vote, a count")
    training_images: int = quantity("training images, a count")
    accuracy: Accuracy = quantity("of the test images")
    chance: float = quantity("share of the digit that is most frequent", "fraction", 1)
    correct: str = quantity("the array of right answers")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    images, labels = load_digits(return_X_y=True)
    train, test, train_labels, test_labels = map(
        np.asarray,
        train_test_split(
            images, labels, test_size=settings.test_share, stratify=labels, random_state=settings.seed
        ),
    )
    outputs.save("train", train)
    outputs.save("train_labels", train_labels)
    outputs.save("test", test)
    outputs.save("labels", test_labels)
    model = KNeighborsClassifier(settings.neighbours).fit(train, train_labels)
    answers = model.predict(test)
    outputs.save("correct", answers == test_labels)
    outputs.save("confusion", np.asarray(confusion_matrix(test_labels, answers)))
    return Metrics(
        title="Nearest neighbours",
        neighbours=settings.neighbours,
        training_images=len(train),
        accuracy=accuracy(answers == test_labels),
        chance=np.bincount(test_labels).max() / len(test_labels),
        correct="correct",
    )
