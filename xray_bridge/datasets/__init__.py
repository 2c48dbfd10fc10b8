"""
Datasets of Tests in this project: their files, their rows, and where code names them.
"""
