"""What people send to the inventory pages."""

from django import forms


class UploadForm(forms.Form):
    file = forms.FileField(
        label="Inventory file",
        help_text="CSV as the shop's spreadsheet saves it, up to 25 MB, with any number of dealerships; or mended rows "
        "of an import. Drop it on the field, or choose it.",
        widget=forms.FileInput({"class": "drop-zone", "accept": ".csv,.txt,.tsv,text/csv"}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty. Choose another one."},
    )
    source = forms.CharField(
        label="Source",
        required=False,
        max_length=200,
        help_text="Where it comes from, for people; the file's name when left blank.",
    )


class IgnoreForm(forms.Form):
    """A dealership name that waits for nobody; the empty one stands for blank cells."""

    name = forms.CharField(
        label="Name", max_length=200, required=False, help_text="As the file spells it; blank for an empty cell."
    )
    reason = forms.CharField(
        label="Reason", max_length=500, error_messages={"required": "Say why; the reason is kept with your name."}
    )
    # The page to which it leads back.
    inventory_import = forms.IntegerField(required=False, min_value=1, max_value=2**31, widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text="Kept with your name and the time.",
        error_messages={"required": "Say why; the reason is kept with your name."},
    )
