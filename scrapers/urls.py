from django.urls import path

from scrapers.views import runs, sessions, websites

urlpatterns = [
    path("", websites.website_list, name="website_list"),
    path("read/", websites.website_read, name="website_read"),
    path("<int:pk>/", websites.website_detail, name="website_detail"),
    path("sessions/<int:pk>/", sessions.website_session, name="website_session"),
    path("sessions/<int:pk>/progress/", sessions.website_session_progress, name="website_session_progress"),
    path("sessions/<int:pk>/cancel/", sessions.website_session_cancel, name="website_session_cancel"),
    path("runs/<int:pk>/", runs.website_run, name="website_run"),
    path("runs/<int:pk>/cancel/", sessions.website_run_cancel, name="website_run_cancel"),
    path("runs/<int:pk>/pages/<int:number>/", runs.website_page, name="website_page"),
    path("runs/<int:pk>/pages/<int:number>/file/", runs.website_page_file, name="website_page_file"),
]
