"""Laboratories, specimens, results with their qualifiers, plates, and files that were imported."""

from labs.models.checks import Acknowledgement, Correction, FiredCheck
from labs.models.imports import ColumnMapping, ImportContent, ImportFile, ImportRow
from labs.models.laboratories import Assay, Laboratory, ReferenceRange
from labs.models.plates import CytometerFile, CytotoxicityAssay, PlateQuerySet
from labs.models.results import Result
from labs.models.scope import LaboratoryQuerySet, LabQuerySet, OfLaboratoryQuerySet, ResultStatus
from labs.models.specimens import Specimen

__all__ = [
    "Acknowledgement",
    "Assay",
    "ColumnMapping",
    "Correction",
    "CytometerFile",
    "CytotoxicityAssay",
    "FiredCheck",
    "ImportContent",
    "ImportFile",
    "ImportRow",
    "LabQuerySet",
    "Laboratory",
    "LaboratoryQuerySet",
    "OfLaboratoryQuerySet",
    "PlateQuerySet",
    "ReferenceRange",
    "Result",
    "ResultStatus",
    "Specimen",
]
