"""
The report: one HTML page of one or several runs, made from run directories.

``results`` and ``header`` convert what they hold to the values of ``xray_pages``,
``history`` compares runs, ``write`` writes the page.
"""
