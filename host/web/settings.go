package web

var settingsStyles = []string{"settings.css"}
