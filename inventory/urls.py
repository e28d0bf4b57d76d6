from django.urls import path

from inventory import views

urlpatterns = [
    path("imports/", views.import_list, name="import_list"),
    path("imports/upload/", views.import_upload, name="import_upload"),
    path("imports/ignored-names/", views.ignored_names, name="ignored_names"),
    path("imports/ignored-names/<int:pk>/undo/", views.ignored_name_undo, name="ignored_name_undo"),
    path("imports/<int:pk>/", views.import_detail, name="import_detail"),
    path("imports/<int:pk>/progress/", views.import_progress, name="import_progress"),
    path("imports/<int:pk>/problems.csv", views.import_problems, name="import_problems"),
    path("imports/<int:pk>/attach/", views.import_attach, name="import_attach"),
    path("imports/<int:pk>/reread/", views.import_reread, name="import_reread"),
    path("datasets/<int:pk>/", views.import_dataset, name="import_dataset"),
    path("datasets/<int:pk>/activate/", views.dataset_activate, name="dataset_activate"),
    path("datasets/<int:pk>/reject/", views.dataset_reject, name="dataset_reject"),
]
