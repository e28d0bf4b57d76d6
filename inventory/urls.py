from django.urls import path

from inventory.views import datasets, imports, names, wordings

urlpatterns = [
    path("imports/", imports.import_list, name="import_list"),
    path("imports/upload/", imports.import_upload, name="import_upload"),
    path("imports/ignored-names/", names.ignored_names, name="ignored_names"),
    path("imports/ignored-names/<int:pk>/undo/", names.ignored_name_undo, name="ignored_name_undo"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("imports/<int:pk>/problems.csv", imports.import_problems, name="import_problems"),
    path("imports/<int:pk>/rejected.csv", imports.import_rejected, name="import_rejected"),
    path("imports/<int:pk>/attach/", names.import_attach, name="import_attach"),
    path("imports/<int:pk>/detach/", names.import_detach, name="import_detach"),
    path("imports/<int:pk>/explain/", wordings.import_explain, name="import_explain"),
    path("imports/<int:pk>/forget/", wordings.import_forget, name="import_forget"),
    path("imports/<int:pk>/reread/", imports.import_reread, name="import_reread"),
    path("imports/<int:pk>/take-back/", imports.import_take_back, name="import_take_back"),
    path("datasets/<int:pk>/", datasets.import_dataset, name="import_dataset"),
    path("datasets/<int:pk>/difference/", datasets.import_difference, name="import_difference"),
    path("datasets/<int:pk>/activate/", datasets.dataset_activate, name="dataset_activate"),
    path("datasets/<int:pk>/reject/", datasets.dataset_reject, name="dataset_reject"),
]
